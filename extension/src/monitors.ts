import type {
  Incident,
  Monitor,
  MonitorRun,
  MonitorSummary,
  RetrainDecision,
  RetrainPolicy,
  WireNumber
} from './records';

/** A monitor, and where it was shown. */
export interface IMonitorRef {
  /** Notebook or folder (relative to the server's root) that selects the workspace. */
  readonly path: string;
  readonly name: string;
}

/** One look of a monitor, and where it was shown. */
export interface ILookRef extends IMonitorRef {
  readonly run: number;
}

/** A monitor whole: as it stands, all its trouble, what it saw, and the retraining it led to. */
export interface IMonitorView {
  readonly summary: MonitorSummary;
  /** Open and acknowledged ones first, then those that are over, the newest first. */
  readonly incidents: readonly Incident[];
  /** Newest first. */
  readonly runs: readonly MonitorRun[];
  /** Newest first. */
  readonly decisions: readonly RetrainDecision[];
  readonly policy: RetrainPolicy | null;
  readonly look: ILooking;
}

/** A look that was asked for here: whether it goes on, and why the last one came to nothing. */
export interface ILooking {
  readonly running: boolean;
  readonly failure: string;
}

/** What a person writes of a monitor. */
export type MonitorDraft = Pick<
  Monitor,
  | 'name'
  | 'model'
  | 'source'
  | 'reference'
  | 'time'
  | 'window'
  | 'cron'
  | 'timezone'
  | 'checks'
  | 'routes'
  | 'remind_hours'
>;

/** What can be done with a monitor besides editing it. */
export type MonitorAct = 'pause' | 'resume' | 'run' | 'unmute';

/** Monitors, as the server part knows them. */
export interface IMonitors {
  /** The one with the most trouble first. */
  list(path: string): Promise<readonly MonitorSummary[]>;
  view(monitor: IMonitorRef): Promise<IMonitorView>;
  /** The drift report of a look, as a page. */
  report(look: ILookRef): Promise<string>;
  /** The newest trouble of monitors that tell whoever has JupyterLab open. */
  news(path: string): Promise<readonly Incident[]>;
  save(path: string, draft: MonitorDraft): Promise<Monitor>;
  remove(monitor: IMonitorRef): Promise<unknown>;
  act(monitor: IMonitorRef, act: MonitorAct): Promise<unknown>;
  acknowledge(monitor: IMonitorRef, incident: number, reason: string): Promise<unknown>;
  /** Tell nobody until then, in seconds since the epoch. */
  mute(monitor: IMonitorRef, until: WireNumber, reason: string): Promise<unknown>;
}

/** What a person can do with monitors. Every action is also a command. */
export interface IMonitorActions {
  show(monitor: IMonitorRef): void;
  add(target: { path: string; model?: string }): void;
  act(target: IMonitorRef & { act: MonitorAct }): void;
  /** Ask for a reason, and say that somebody looks after it. */
  acknowledge(target: IMonitorRef & { incident: number; what: string }): void;
  mute(monitor: IMonitorRef): void;
  remove(monitor: IMonitorRef): void;
  report(look: ILookRef & { label: string }): void;
}
