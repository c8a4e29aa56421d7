import type React from 'react';
import type { ChangeFeed } from '../model/feed';
import { LiveTab, type ILiveModel } from './liveTab';

/** A model of something that is written in a form. */
export interface IDraftTabModel extends ILiveModel {
  readonly state: { readonly dirty: boolean };
}

/** A form and what became of it, in a tab of the main area, marked while something in it is not saved. */
export class DraftTab extends LiveTab {
  constructor(
    model: IDraftTabModel,
    feed: ChangeFeed,
    label: () => string,
    private readonly _view: () => React.JSX.Element
  ) {
    super({ model, feed, label: () => (model.state.dirty ? `${label()} •` : label()) });
  }

  protected override render(): React.JSX.Element {
    return this._view();
  }

  protected override onActivateRequest(): void {
    this.focusOn('input, select', 'button');
  }
}
