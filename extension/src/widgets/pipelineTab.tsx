import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';
import { nameOf, PipelineView, type IPipelineProps } from '../components/PipelineView';
import { nbopsIcon } from '../icons';
import type { ChangeFeed } from '../model/feed';
import { Refresher } from '../model/refresher';

/** A pipeline with its graph and runs, in a tab of the main area. */
export class PipelineTab extends ReactWidget {
  constructor(
    private readonly _props: IPipelineProps,
    feed: ChangeFeed
  ) {
    super();
    const { model } = _props;
    this.addClass('nbops-run-tab');
    this.title.icon = nbopsIcon;
    const name = (): void => {
      this.title.label = nameOf(model);
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
    return <PipelineView {...this._props} />;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._refresher.shown();
  }

  protected override onActivateRequest(): void {
    const first = this.node.querySelector<SVGGElement>('.nbops-graph [tabindex="0"]');
    if (first) {
      first.focus();
    } else {
      this.node.tabIndex = -1;
      this.node.focus();
    }
  }

  private readonly _refresher: Refresher;
  private readonly _leave: (() => void)[];
}
