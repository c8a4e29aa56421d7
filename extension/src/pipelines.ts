import type {
  Explanation,
  PipelineRun,
  PipelineSummary,
  Schedule,
  ScheduleRun,
  StageRunStatus,
  WireNumber
} from './records';

/** How many stages of a run stand where. */
export type Counts = Readonly<Partial<Record<StageRunStatus, number>>>;

/** A pipeline, and where it was shown. */
export interface IPipelineRef {
  /** Notebook or folder (relative to the server's root) that selects the workspace. */
  readonly path: string;
  /** The pipeline file, or the pipeline's name in `nbops.toml`; empty if `path` itself is the file. */
  readonly pipeline: string;
}

/** A run of a pipeline, and where it was shown. */
export interface IPipelineRunRef {
  readonly path: string;
  readonly runId: string;
}

export interface IStageRef extends IPipelineRunRef {
  readonly stage: string;
}

/** A run in a list: of a long one only the stages that matter most are there, but all are counted. */
export interface IRunLine extends PipelineRun {
  readonly counts: Counts;
}

/** A pipeline in a list; `last` as in {@link IRunLine}. */
export interface IPipelineLine extends Omit<PipelineSummary, 'last'> {
  readonly last: IRunLine | null;
}

/** What a run is asked to do. */
export interface ILaunch {
  /** Run also what is up to date. */
  readonly force?: boolean;
  /** Only these stages. */
  readonly only?: readonly string[];
  /** Values by name, or by STAGE.NAME, as one types them. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** An executed notebook as a page, and whether it still grows. */
export interface IStagePage {
  readonly html: string;
  readonly running: boolean;
}

/** Pipelines and their runs, as the server part knows them. */
export interface IPipelines {
  list(path: string): Promise<readonly IPipelineLine[]>;
  /** What would run now, and why. */
  plan(pipeline: IPipelineRef): Promise<PipelineRun>;
  /** Whether a stage would run, and everything in which it differs from its last good run. */
  why(pipeline: IPipelineRef, stage: string): Promise<Explanation>;
  /** The newest runs of a pipeline. */
  runs(pipeline: IPipelineRef, limit: number): Promise<readonly IRunLine[]>;
  run(run: IPipelineRunRef): Promise<PipelineRun>;
  /** The executed notebook of a stage as it stands. */
  page(stage: IStageRef): Promise<IStagePage>;
  launch(pipeline: IPipelineRef, wanted: ILaunch): Promise<IPipelineRunRef>;
  resume(run: IPipelineRunRef): Promise<IPipelineRunRef>;
  stop(run: IPipelineRunRef): Promise<unknown>;
}

/** What a person writes of a schedule. */
export type ScheduleDraft = Pick<
  Schedule,
  | 'name'
  | 'pipeline'
  | 'trigger'
  | 'cron'
  | 'timezone'
  | 'subject'
  | 'measure'
  | 'threshold'
  | 'missed'
  | 'missed_cap'
  | 'overlap'
  | 'parameters'
  | 'alerts'
>;

/** When a cron expression comes due next, or what is wrong with it. */
export interface IPreview {
  readonly times: readonly WireNumber[];
  readonly problem: string;
}

/** A schedule as it was saved, and when it comes due next. */
export interface ISaved {
  readonly schedule: Schedule;
  readonly times: readonly WireNumber[];
}

/** What can be done with a schedule besides editing it. */
export type ScheduleAct = 'pause' | 'resume' | 'run';

/** Schedules, as the server part knows them. */
export interface ISchedules {
  list(path: string): Promise<readonly Schedule[]>;
  /** What became of the times it came due, newest first. */
  runs(path: string, name: string): Promise<readonly ScheduleRun[]>;
  /** The newest times that ended badly, of all schedules. */
  failures(path: string): Promise<readonly ScheduleRun[]>;
  save(path: string, draft: ScheduleDraft): Promise<ISaved>;
  remove(path: string, name: string): Promise<unknown>;
  act(path: string, name: string, act: ScheduleAct): Promise<unknown>;
  preview(path: string, cron: string, timezone: string): Promise<IPreview>;
}

/** What a new project is asked to be. */
export interface IProjectDraft {
  readonly name: string;
  readonly template: string;
  /** A file to learn from, as the file browser names it, and the column to predict; empty for a sample. */
  readonly data: string;
  readonly target: string;
  /** Which service gets a file too: `github`, `gitlab`, `jenkins` or `none`. */
  readonly ci: string;
}

/** New projects, as the server part makes them. */
export interface IProjects {
  templates(): Promise<readonly string[]>;
  /** Make a project in a folder; its own folder, as the file browser names it. */
  make(folder: string, draft: IProjectDraft): Promise<string>;
}

/** What a person can do with pipelines. Every action is also a command. */
export interface IPipelineActions {
  show(pipeline: IPipelineRef & { runId?: string }): void;
  /** Run a pipeline; `ask` for what and with which values before. */
  run(pipeline: IPipelineRef & ILaunch & { ask?: boolean; label?: string }): void;
  resume(run: IPipelineRunRef): void;
  stop(run: IPipelineRunRef): void;
  openFile(pipeline: IPipelineRef): void;
  log(stage: IStageRef): void;
  openExecuted(stage: IStageRef): void;
  openTracked(target: { runId: string; path: string }): void;
  /** Edit a schedule; without a name, make one. */
  schedule(target: { path: string; name?: string; pipeline?: string }): void;
  actOnSchedule(target: { path: string; name: string; act: ScheduleAct }): void;
  deleteSchedule(target: { path: string; name: string }): void;
}
