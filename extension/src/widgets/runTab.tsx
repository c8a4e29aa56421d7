import React from 'react';
import { RunDetail, type IRunDetailProps } from '../components/RunDetail';
import { concerns, type ChangeFeed } from '../model/feed';
import { LiveTab } from './liveTab';

/** One run, or its comparison with the one before, in a tab of the main area. */
export class RunTab extends LiveTab {
  constructor(
    private readonly _props: IRunDetailProps,
    feed: ChangeFeed
  ) {
    const { model, trans, compare } = _props;
    const label = (): string => {
      const name = model.state.card?.run.name;
      return !name ? trans.__('Run') : compare ? trans.__('%1 compared', name) : name;
    };
    super({
      model,
      feed,
      label,
      concerned: changed => concerns(changed, model.state.card?.workspace ?? '') && !model.settled
    });
  }

  protected override render(): React.JSX.Element {
    return <RunDetail {...this._props} />;
  }
}
