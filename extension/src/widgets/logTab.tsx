import type { IThemeManager } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';
import { LogView } from '../components/LogView';
import { nbopsIcon } from '../icons';
import type { ChangeFeed } from '../model/feed';
import type { LogModel } from '../model/log';
import { Refresher } from '../model/refresher';
import type { ITrans } from '../tokens';

interface ILogTabOptions {
  readonly model: LogModel;
  readonly feed: ChangeFeed;
  readonly themes: IThemeManager | null;
  readonly trans: ITrans;
}

/** The executed notebook of a stage, in a tab of the main area. */
export class LogTab extends ReactWidget {
  constructor(private readonly _options: ILogTabOptions) {
    super();
    const { model, feed, themes, trans } = _options;
    this.addClass('nbops-run-tab');
    this.title.icon = nbopsIcon;
    this.title.label = trans.__('Log of %1', model.state.stage.stage);
    this._refresher = new Refresher({
      refresh: () => model.refresh(),
      visible: () => this.isVisible && document.visibilityState === 'visible'
    });
    this._leave = feed.subscribe(() => {
      if (!model.settled) {
        this._refresher.touch();
      }
    });
    themes?.themeChanged.connect(this._onTheme);
    void model.refresh();
  }

  override dispose(): void {
    this._leave();
    this._options.themes?.themeChanged.disconnect(this._onTheme);
    this._refresher.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    const { model, themes, trans } = this._options;
    const dark = themes?.theme ? !themes.isLight(themes.theme) : false;
    return <LogView model={model} dark={dark} trans={trans} />;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._refresher.shown();
  }

  protected override onActivateRequest(): void {
    this.node.tabIndex = -1;
    this.node.focus();
  }

  private readonly _onTheme = (): void => this.update();
  private readonly _refresher: Refresher;
  private readonly _leave: () => void;
}
