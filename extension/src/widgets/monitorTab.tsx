import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';
import { MonitorView, type IMonitorProps } from '../components/MonitorView';
import { nbopsIcon } from '../icons';
import type { ChangeFeed } from '../model/feed';
import { Refresher } from '../model/refresher';

/** A monitor, in a tab of the main area. */
export class MonitorTab extends ReactWidget {
  constructor(
    private readonly _props: IMonitorProps,
    feed: ChangeFeed
  ) {
    super();
    const { model, trans } = _props;
    this.addClass('nbops-run-tab');
    this.title.icon = nbopsIcon;
    const name = (): void => {
      const mark = model.state.dirty ? ' •' : '';
      this.title.label = (model.name ? trans.__('Monitor %1', model.name) : trans.__('New monitor')) + mark;
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
    this._props.model.dispose();
    this._refresher.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return <MonitorView {...this._props} />;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._refresher.shown();
  }

  protected override onActivateRequest(): void {
    const find = (selector: string) => this.node.querySelector<HTMLElement>(selector);
    (find('input, select') ?? find('button'))?.focus();
  }

  private readonly _refresher: Refresher;
  private readonly _leave: (() => void)[];
}
