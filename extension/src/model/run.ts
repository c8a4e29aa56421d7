import type { Card, MetricPoint } from '../records';
import type { IApi } from '../tokens';
import { failureOf, type IFailure } from './failure';
import { Store } from './store';

export interface IRunState {
  readonly card: Card | null;
  readonly series: readonly MetricPoint[];
  /** The card of the run before, when asked for. */
  readonly before: Card | null;
  /** Whether the card comes from the server, not from a saved notebook. */
  readonly live: boolean;
  readonly loading: boolean;
  readonly failure: IFailure | null;
}

export interface IRunOptions {
  readonly runId: string;
  readonly path: string;
  /** What is known without the server. */
  readonly card?: Card | null;
  readonly withSeries?: boolean;
  readonly withBefore?: boolean;
}

/** One run: its card now, its series, the run before it. The last good answer stays when a refresh fails. */
export class RunModel extends Store<IRunState> {
  constructor(
    private readonly _api: IApi,
    private readonly _options: IRunOptions
  ) {
    super({
      card: _options.card ?? null,
      series: [],
      before: null,
      live: false,
      loading: false,
      failure: null
    });
  }

  get runId(): string {
    return this._options.runId;
  }

  get path(): string {
    return this._options.path;
  }

  /** Whether asking again would bring nothing new: the run is delivered, or the server does not know it. */
  get settled(): boolean {
    const { card, live, failure } = this.state;
    const done = card !== null && card.run.status !== 'RUNNING' && card.run.delivery === 'delivered';
    return failure?.status === 404 || (live && done);
  }

  async refresh(): Promise<void> {
    const { runId, path, withSeries, withBefore } = this._options;
    const generation = ++this._generation;
    this.update({ loading: true });
    try {
      const [card, series] = await Promise.all([
        this._api.card(path, runId),
        withSeries ? this._api.series(path, runId) : Promise.resolve([])
      ]);
      if (generation !== this._generation) {
        return;
      }
      this.update({ card, series, live: true, loading: false, failure: null });
      if (withBefore && card.previous && this.state.before?.run.run_id !== card.previous.run_id) {
        this.update({ before: await this._api.card(path, card.previous.run_id) });
      }
    } catch (reason) {
      if (generation === this._generation) {
        this.update({ loading: false, failure: failureOf(reason) });
      }
    }
  }

  private _generation = 0;
}
