import type { RegisteredModel } from '../records';
import type { IApi } from '../tokens';
import { failureOf, type IFailure } from './failure';
import { Store } from './store';

export interface IModelsState {
  readonly path: string;
  readonly models: readonly RegisteredModel[];
  readonly loading: boolean;
  readonly loaded: boolean;
  readonly failure: IFailure | null;
}

/** The registered models of a workspace. */
export class ModelsModel extends Store<IModelsState> {
  constructor(
    private readonly _api: IApi,
    path: string
  ) {
    super({ path, models: [], loading: false, loaded: false, failure: null });
  }

  async ask(path: string): Promise<void> {
    this.update({ path });
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const generation = ++this._generation;
    this.update({ loading: true });
    try {
      const models = await this._api.models(this.state.path);
      if (generation === this._generation) {
        this.update({ models, loading: false, loaded: true, failure: null });
      }
    } catch (reason) {
      if (generation === this._generation) {
        this.update({ loading: false, loaded: true, failure: failureOf(reason) });
      }
    }
  }

  private _generation = 0;
}
