import type { IGovernance } from '../governance';
import type { PromotionRequest } from '../records';
import { Store } from './store';

export interface IWaitingState {
  readonly path: string;
  readonly requests: readonly PromotionRequest[];
}

/** Promotions that wait for somebody's approval. */
export class WaitingModel extends Store<IWaitingState> {
  constructor(private readonly _governance: IGovernance) {
    super({ path: '', requests: [] });
  }

  async refresh(): Promise<void> {
    const { path } = this.state;
    // The list of models beside it says what is wrong, if anything is.
    const requests = await this._governance.requests(path).catch(() => null);
    if (requests !== null && path === this.state.path) {
      this.update({ requests });
    }
  }
}
