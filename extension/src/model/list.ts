import { failureOf, type IFailure } from './failure';
import { Store } from './store';

export interface IListState<T> {
  readonly path: string;
  readonly items: readonly T[];
  readonly loading: boolean;
  readonly loaded: boolean;
  readonly failure: IFailure | null;
}

/** All of one kind in a workspace. The last good answer stays when a refresh fails. */
export class ListModel<T> extends Store<IListState<T>> {
  constructor(private readonly _load: (path: string) => Promise<readonly T[]>) {
    super({ path: '', items: [], loading: false, loaded: false, failure: null });
  }

  async refresh(): Promise<void> {
    const generation = ++this._generation;
    this.update({ loading: true });
    try {
      const items = await this._load(this.state.path);
      if (generation === this._generation) {
        this.update({ items, loading: false, loaded: true, failure: null });
      }
    } catch (reason) {
      if (generation === this._generation) {
        this.update({ loading: false, loaded: true, failure: failureOf(reason) });
      }
    }
  }

  private _generation = 0;
}
