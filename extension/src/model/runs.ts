import type { RunPage, RunRow } from '../records';
import { ApiError, type IApi, type IRunsQuery } from '../tokens';
import { failureOf, type IFailure } from './failure';
import { Store } from './store';

/** Rows asked for at once. */
export const PAGE = 100;
const BY_TIME = 'started_at';
/** Pages kept; beyond that the ones farthest from the view are dropped. */
const KEPT = 30;

export interface IRunsState {
  readonly query: IRunsQuery;
  readonly pages: ReadonlyMap<number, readonly RunRow[]>;
  readonly total: number;
  readonly metricNames: readonly string[];
  readonly experiments: readonly string[];
  readonly loading: boolean;
  readonly loaded: boolean;
  readonly failure: IFailure | null;
}

/** The list of runs: pages of the server's answer, loaded where the view is. */
export class RunsModel extends Store<IRunsState> {
  constructor(
    private readonly _api: IApi,
    query: IRunsQuery
  ) {
    super({
      query,
      pages: new Map(),
      total: 0,
      metricNames: [],
      experiments: [],
      loading: false,
      loaded: false,
      failure: null
    });
  }

  row(index: number): RunRow | undefined {
    return this.state.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Ask for something else. What is shown stays until the answer is there. */
  async ask(change: Partial<IRunsQuery>): Promise<void> {
    this.update({ query: { ...this.state.query, ...change } });
    this._seen = [0, 0];
    await this.refresh();
  }

  /** Say which rows are in view, so that their pages are loaded. */
  async need(first: number, last: number): Promise<void> {
    this._seen = [Math.floor(first / PAGE), Math.floor(Math.max(first, last) / PAGE)];
    const missing = this._wanted().filter(page => !this.state.pages.has(page) && !this._pending.has(page));
    if (missing.length) {
      await this._load(missing, this._generation, false);
    }
  }

  /** Load the pages in view again and forget the others. */
  async refresh(): Promise<void> {
    this._generation += 1;
    this._pending.clear();
    await this._load(this._wanted(), this._generation, true);
  }

  private _wanted(): number[] {
    const [first, last] = this._seen;
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  }

  private async _load(wanted: number[], generation: number, anew: boolean): Promise<void> {
    wanted.forEach(page => this._pending.add(page));
    if (anew) {
      this.update({ loading: true });
    }
    try {
      const answers = await this._fetch(wanted);
      if (generation === this._generation) {
        this._accept(wanted, answers, anew);
      }
    } catch (reason) {
      if (generation === this._generation) {
        this.update({ loading: false, loaded: true, failure: failureOf(reason) });
      }
    } finally {
      if (generation === this._generation) {
        wanted.forEach(page => this._pending.delete(page));
      }
    }
  }

  /** A metric may exist in one notebook and not in the next: then time decides the order. */
  private async _fetch(wanted: number[]): Promise<RunPage[]> {
    const { query } = this.state;
    const ask = (asked: IRunsQuery) =>
      Promise.all(wanted.map(page => this._api.runs(asked, page * PAGE, PAGE)));
    try {
      return await ask(query);
    } catch (reason) {
      if (query.sort === BY_TIME || !(reason instanceof ApiError) || reason.status !== 400) {
        throw reason;
      }
      const answers = await ask({ ...query, sort: BY_TIME });
      if (query === this.state.query) {
        this.update({ query: { ...query, sort: BY_TIME } });
      }
      return answers;
    }
  }

  private _accept(wanted: number[], answers: RunPage[], anew: boolean): void {
    const pages = new Map(anew ? [] : this.state.pages);
    wanted.forEach((page, i) => pages.set(page, answers[i].runs));
    const middle = (this._seen[0] + this._seen[1]) / 2;
    const far = [...pages.keys()].sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle)).slice(KEPT);
    far.forEach(page => pages.delete(page));
    const { total, metric_names, experiments } = answers[answers.length - 1];
    this.update({
      pages,
      total,
      metricNames: metric_names,
      experiments,
      loading: false,
      loaded: true,
      failure: null
    });
  }

  private _generation = 0;
  private _seen: [number, number] = [0, 0];
  private readonly _pending = new Set<number>();
}
