import React from 'react';
import { Promotion, type IPromotionProps } from '../components/Promotion';
import type { ChangeFeed } from '../model/feed';
import { LiveTab } from './liveTab';

/** A version against the holder of a lifecycle stage or alias, in a tab of the main area. */
export class PromotionTab extends LiveTab {
  constructor(
    private readonly _props: IPromotionProps,
    feed: ChangeFeed
  ) {
    const { model } = _props;
    const label = (): string => {
      const { name, version, target } = model.state.wanted;
      return `${name} v${version} → ${target}`;
    };
    super({ model, feed, label });
  }

  protected override render(): React.JSX.Element {
    return <Promotion {...this._props} />;
  }

  protected override onActivateRequest(): void {
    this.focusOn();
  }
}
