import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';
import { RunDetail, type IRunDetailProps } from '../components/RunDetail';
import { nbopsIcon } from '../icons';
import { concerns, type ChangeFeed } from '../model/feed';
import { Refresher } from '../model/refresher';

/** One run, or its comparison with the one before, in a tab of the main area. */
export class RunTab extends ReactWidget {
  constructor(
    private readonly _props: IRunDetailProps,
    feed: ChangeFeed
  ) {
    super();
    const { model, trans, compare } = _props;
    this.addClass('nbops-run-tab');
    this.title.icon = nbopsIcon;
    this.title.label = trans.__('Run');
    this._refresher = new Refresher({
      refresh: () => model.refresh(),
      visible: () => this.isVisible && document.visibilityState === 'visible'
    });
    this._leave = [
      feed.subscribe(changed => {
        if (concerns(changed, model.state.card?.workspace ?? '') && !model.settled) {
          this._refresher.touch();
        }
      }),
      model.subscribe(() => {
        const name = model.state.card?.run.name;
        if (name) {
          this.title.label = compare ? trans.__('%1 compared', name) : name;
        }
      })
    ];
    void model.refresh();
  }

  override dispose(): void {
    this._leave.forEach(leave => leave());
    this._refresher.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return <RunDetail {...this._props} />;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._refresher.shown();
  }

  private readonly _refresher: Refresher;
  private readonly _leave: (() => void)[];
}
