import type { IGovernance } from '../governance';
import { DEFAULT_SETTINGS, type IApi, type IPanelSettings, type IRunTarget } from '../tokens';
import type { IPipelineLine, IPipelines, ISchedules } from '../pipelines';
import type { IMonitors } from '../monitors';
import type { MonitorSummary, Schedule } from '../records';
import { AuditModel } from './audit';
import { concerns, type ChangeFeed, type Workspace } from './feed';
import { ListModel } from './list';
import { ModelsModel } from './models';
import { Refresher } from './refresher';
import { RunModel } from './run';
import { RunsModel } from './runs';
import { Store } from './store';
import { WaitingModel } from './waiting';

/** A section of the sidebar. */
export type SectionName = 'runs' | 'models' | 'pipelines' | 'schedules' | 'monitors' | 'audit';

export interface IPanelState {
  /** The run shown instead of the lists. */
  readonly detail: RunModel | null;
  /** How many runs have been opened and closed again; tells a view that it comes back. */
  readonly opened: number;
  /** The section that was asked for last; a new object each time. */
  readonly revealed: { readonly section: SectionName } | null;
}

export interface IPanelOptions {
  readonly api: IApi;
  readonly governance: IGovernance;
  readonly pipelines: IPipelines;
  readonly schedules: ISchedules;
  readonly monitors: IMonitors;
  readonly feed: ChangeFeed;
  readonly visible: () => boolean;
}

/** What the sidebar shows, kept fresh while it is visible. */
export class PanelModel extends Store<IPanelState> {
  readonly runs: RunsModel;
  readonly models: ModelsModel;
  readonly waiting: WaitingModel;
  readonly audit: AuditModel;
  readonly pipelines: ListModel<IPipelineLine>;
  readonly schedules: ListModel<Schedule>;
  readonly monitors: ListModel<MonitorSummary>;

  constructor(private readonly _options: IPanelOptions) {
    super({ detail: null, opened: 0, revealed: null });
    const { api, governance, pipelines, schedules, monitors, feed, visible } = _options;
    this.runs = new RunsModel(api, {
      path: '',
      onlyNotebook: false,
      experiment: '',
      search: '',
      sort: DEFAULT_SETTINGS.defaultSort,
      descending: true,
      mlflow: DEFAULT_SETTINGS.showMlflowRuns
    });
    this.models = new ModelsModel(api, '');
    this.waiting = new WaitingModel(governance);
    this.audit = new AuditModel(governance);
    this.pipelines = new ListModel(path => pipelines.list(path));
    this.schedules = new ListModel(path => schedules.list(path));
    this.monitors = new ListModel(path => monitors.list(path));
    this._refresher = new Refresher({ refresh: () => this._refresh(), visible });
    this._unsubscribe = feed.subscribe(changed => this._changed(changed));
  }

  /** Whether promotions and waiting approvals are told by a notification. */
  get notifies(): boolean {
    return this._settings.notify;
  }

  /** Folder of the workspace shown; empty until the server has told. */
  get workspace(): string {
    return this._workspace;
  }

  /** Take over the settings. */
  configure(settings: IPanelSettings): void {
    this._settings = settings;
    this._options.feed.enabled = settings.refreshOnEvents;
    const { path, sort } = this.runs.state.query;
    this._reset({
      onlyNotebook: settings.thisNotebookFirst && path !== '',
      mlflow: settings.showMlflowRuns,
      sort: sort === DEFAULT_SETTINGS.defaultSort ? settings.defaultSort : sort
    });
  }

  /** Another notebook has come to the front. */
  setNotebook(path: string): void {
    if (path === this.runs.state.query.path) {
      return;
    }
    this._workspace = '';
    this._reset({ path, experiment: '', onlyNotebook: this._settings.thisNotebookFirst && path !== '' });
  }

  /** Show one run. */
  open(target: IRunTarget): void {
    const detail = new RunModel(this._options.api, { ...target, withSeries: true });
    this.update({ detail });
    void detail.refresh();
  }

  /** Go back to the lists. */
  close(): void {
    this.update({ detail: null, opened: this.state.opened + 1 });
    this._refresher.touch();
  }

  /** Show the lists, and a section of them unfolded. */
  reveal(section: SectionName): void {
    if (this.state.detail) {
      this.close();
    }
    this.update({ revealed: { section } });
  }

  /** Load everything in view again. */
  refresh(): void {
    this._refresher.touch();
  }

  /** The panel has become visible. */
  shown(): void {
    this._refresher.shown();
  }

  dispose(): void {
    this._unsubscribe();
    this._refresher.dispose();
  }

  private _reset(query: Partial<RunsModel['state']['query']>): void {
    this.runs.update({ query: { ...this.runs.state.query, ...query } });
    const { path } = this.runs.state.query;
    this.models.update({ path });
    this.pipelines.update({ path });
    this.schedules.update({ path });
    this.monitors.update({ path });
    if (path !== this.waiting.state.path) {
      this.waiting.update({ path, requests: [] });
    }
    this.audit.setPath(path);
    this._refresher.touch();
  }

  private _changed(changed: Workspace): void {
    if (concerns(changed, this._workspace)) {
      this._refresher.touch();
    }
  }

  private async _refresh(): Promise<void> {
    const { detail } = this.state;
    const lists = () => [
      this.runs.refresh(),
      this.models.refresh(),
      this.waiting.refresh(),
      this.pipelines.refresh(),
      this.schedules.refresh(),
      this.monitors.refresh(),
      ...(this.audit.active ? [this.audit.refresh()] : [])
    ];
    await Promise.all([...(detail ? [detail.refresh()] : lists()), this._locate()]);
  }

  /** Ask once per notebook which workspace is shown, so that changes of others are ignored. */
  private async _locate(): Promise<void> {
    if (this._workspace === '') {
      const { path } = this.runs.state.query;
      const status = await this._options.api.status(path).catch(() => null);
      if (path === this.runs.state.query.path) {
        this._workspace = status?.workspace ?? '';
      }
    }
  }

  private _settings: IPanelSettings = DEFAULT_SETTINGS;
  private _workspace = '';
  private readonly _refresher: Refresher;
  private readonly _unsubscribe: () => void;
}
