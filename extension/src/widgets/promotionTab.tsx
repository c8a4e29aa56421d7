import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';
import { Promotion, type IPromotionProps } from '../components/Promotion';
import { nbopsIcon } from '../icons';
import type { ChangeFeed } from '../model/feed';
import { Refresher } from '../model/refresher';

/** A version against the holder of a lifecycle stage or alias, in a tab of the main area. */
export class PromotionTab extends ReactWidget {
  constructor(
    private readonly _props: IPromotionProps,
    feed: ChangeFeed
  ) {
    super();
    const { model } = _props;
    this.addClass('nbops-run-tab');
    this.title.icon = nbopsIcon;
    const name = (): void => {
      const { wanted } = model.state;
      this.title.label = `${wanted.name} v${wanted.version} → ${wanted.target}`;
    };
    name();
    this._refresher = new Refresher({
      refresh: () => model.refresh(),
      visible: () => this.isVisible && document.visibilityState === 'visible'
    });
    this._leave = [feed.subscribe(() => this._refresher.touch()), model.subscribe(name)];
    void model.refresh();
  }

  override dispose(): void {
    this._leave.forEach(leave => leave());
    this._refresher.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return <Promotion {...this._props} />;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._refresher.shown();
  }

  protected override onActivateRequest(): void {
    this.node.tabIndex = -1;
    this.node.focus();
  }

  private readonly _refresher: Refresher;
  private readonly _leave: (() => void)[];
}
