import React from 'react';
import { nameOf, PipelineView, type IPipelineProps } from '../components/PipelineView';
import type { ChangeFeed } from '../model/feed';
import { LiveTab } from './liveTab';

/** A pipeline with its graph and runs, in a tab of the main area. */
export class PipelineTab extends LiveTab {
  constructor(
    private readonly _props: IPipelineProps,
    feed: ChangeFeed
  ) {
    const { model } = _props;
    super({ model, feed, label: () => nameOf(model) });
  }

  protected override render(): React.JSX.Element {
    return <PipelineView {...this._props} />;
  }

  protected override onActivateRequest(): void {
    this.focusOn('.nbops-graph [tabindex="0"]');
  }
}
