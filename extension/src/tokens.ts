import type {
  Card,
  Identity,
  MetricPoint,
  ModelRef,
  ModelVersion,
  RegisteredModel,
  RunPage
} from './records';

/** The part of JupyterLab's translation bundle that is used here. */
export interface ITrans {
  __(text: string, ...args: unknown[]): string;
  _n(singular: string, plural: string, n: number, ...args: unknown[]): string;
}

/** What the list of runs is asked for. An empty string asks for everything. */
export interface IRunsQuery {
  /** Notebook (relative to the server's root) that selects the workspace. */
  readonly path: string;
  readonly onlyNotebook: boolean;
  readonly experiment: string;
  readonly search: string;
  /** `started_at` or the name of a metric. */
  readonly sort: string;
  readonly descending: boolean;
  /** Whether runs made with plain MLflow are listed too. */
  readonly mlflow: boolean;
}

/** State of the server part, its workspace and its courier. */
export interface IServerStatus {
  readonly version: string;
  readonly workspace: string;
  readonly server_root: string;
  readonly readonly: boolean;
  /** Who acts through this page. */
  readonly me: Identity | null;
  readonly courier: { readonly running: boolean; readonly pending: number; readonly error: string };
}

/** What a registration asks for. */
export interface IRegistration {
  readonly name: string;
  readonly runId: string;
  readonly model: string;
  readonly alias: string;
  readonly description: string;
}

/** The server part, as the models see it. */
export interface IApi {
  status(path: string): Promise<IServerStatus>;
  runs(query: IRunsQuery, offset: number, limit: number): Promise<RunPage>;
  card(path: string, runId: string): Promise<Card>;
  series(path: string, runId: string): Promise<readonly MetricPoint[]>;
  models(path: string): Promise<readonly RegisteredModel[]>;
  register(path: string, wanted: IRegistration): Promise<ModelVersion>;
  artifactUrl(path: string, runId: string, artifact: string): string;
}

/** What is wrong with a field of what was sent. */
export interface IFault {
  /** Empty where it is none. */
  readonly field: string;
  readonly message: string;
  readonly hint: string;
}

/** An answer of the server that is not a success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint = '',
    /** What was given wrongly, where it is one field. */
    readonly field = '',
    /** What else was given wrongly. */
    readonly further: readonly IFault[] = []
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** A run and where it was shown, enough to act on it. */
export interface IRunTarget {
  readonly runId: string;
  readonly path: string;
}

/** What a person can do with a run. Every action is also a command. */
export interface IRunActions {
  open(target: IRunTarget): void;
  openTab(target: IRunTarget, compare: boolean): void;
  register(target: IRunTarget): void;
  jumpToCell(target: { notebook: string; cellId: string; path: string }): void;
  copy(text: string): void;
}

/** What the dialog for a registration needs to know. */
export interface IRegisterDraft {
  readonly run: string;
  readonly name: string;
  readonly known: readonly string[];
  readonly models: readonly ModelRef[];
}

/** The settings of the panel. */
export interface IPanelSettings {
  readonly refreshOnEvents: boolean;
  readonly defaultSort: string;
  readonly thisNotebookFirst: boolean;
  readonly showMlflowRuns: boolean;
  readonly notify: boolean;
}

export const DEFAULT_SETTINGS: IPanelSettings = {
  refreshOnEvents: true,
  defaultSort: 'started_at',
  thisNotebookFirst: true,
  showMlflowRuns: true,
  notify: true
};

/** Name of the drive on which executed notebooks lie: the files do not show the hidden folder they are kept in. */
export const EXECUTED = 'nbops';

/** Ids of the commands. */
export const CommandIDs = {
  open: 'nbops:open',
  refresh: 'nbops:refresh',
  trackCell: 'nbops:track-cell',
  openRun: 'nbops:open-run',
  openRunTab: 'nbops:open-run-tab',
  compare: 'nbops:compare',
  registerRun: 'nbops:register-run',
  jumpToCell: 'nbops:jump-to-cell',
  copyRunId: 'nbops:copy-run-id',
  promote: 'nbops:promote',
  lineage: 'nbops:lineage',
  archiveVersion: 'nbops:archive-version',
  allowPickle: 'nbops:allow-pickle',
  insertLoad: 'nbops:insert-load',
  verifyAudit: 'nbops:verify-audit',
  runPipeline: 'nbops:run-pipeline',
  showPipeline: 'nbops:show-pipeline',
  resumePipeline: 'nbops:resume-pipeline',
  stopPipeline: 'nbops:stop-pipeline',
  openPipelineFile: 'nbops:open-pipeline-file',
  stageLog: 'nbops:stage-log',
  openExecuted: 'nbops:open-executed',
  runFile: 'nbops:run-file-as-pipeline',
  showFile: 'nbops:show-file-as-pipeline',
  editSchedule: 'nbops:edit-schedule',
  actOnSchedule: 'nbops:act-on-schedule',
  deleteSchedule: 'nbops:delete-schedule',
  newProject: 'nbops:new-project',
  showMonitors: 'nbops:show-monitors',
  showMonitor: 'nbops:show-monitor',
  monitorReport: 'nbops:monitor-report',
  actOnMonitor: 'nbops:act-on-monitor',
  runMonitor: 'nbops:run-monitor',
  acknowledgeIncident: 'nbops:acknowledge-incident',
  muteMonitor: 'nbops:mute-monitor',
  retrain: 'nbops:retrain',
  deleteMonitor: 'nbops:delete-monitor',
  retraining: 'nbops:retraining-policy',
  restRetraining: 'nbops:rest-retraining',
  removeRetraining: 'nbops:remove-retraining'
} as const;
