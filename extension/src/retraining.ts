import type { RetrainDecision, RetrainPolicy, WireNumber } from './records';

/** A model, and where it was shown. */
export interface IModelRef {
  /** Notebook or folder (relative to the server's root) that selects the workspace. */
  readonly path: string;
  readonly model: string;
}

/** When a model is trained anew, and what was decided by that. */
export interface IRetrainingView {
  readonly policy: RetrainPolicy | null;
  /** Newest first. */
  readonly decisions: readonly RetrainDecision[];
}

/** A number as it is written; null leaves it to be the usual one. */
type Written = WireNumber | null;

/** What a person writes of a policy. */
export interface PolicyDraft extends Pick<
  RetrainPolicy,
  | 'pipeline'
  | 'on'
  | 'cron'
  | 'timezone'
  | 'source'
  | 'time'
  | 'label'
  | 'window'
  | 'data_parameter'
  | 'metric'
  | 'target'
  | 'mode'
> {
  /** Values as they are written on a line. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly volume: number | null;
  readonly holdout: Written;
  readonly min_gain: Written;
  readonly confidence: Written;
  readonly cool_down_hours: Written;
  readonly budget: number | null;
  readonly budget_days: Written;
}

/** What can be done with a policy besides writing it. */
export type RetrainingAct = 'pause' | 'resume' | 'now';

/** Retraining, as the server part knows it. */
export interface IRetraining {
  view(model: IModelRef): Promise<IRetrainingView>;
  save(model: IModelRef, draft: PolicyDraft): Promise<RetrainPolicy>;
  remove(model: IModelRef): Promise<unknown>;
  act(model: IModelRef, act: RetrainingAct): Promise<unknown>;
}

/** What a person can do about retraining. Every action is also a command. */
export interface IRetrainingActions {
  /** Show the policy of a model and what was decided; `decision` is opened with its evidence. */
  show(target: IModelRef & { decision?: number }): void;
  /** Let the policy rest, or count again. */
  rest(target: IModelRef & { paused: boolean }): void;
  /** Retrain the model by itself no longer, after a question. */
  remove(model: IModelRef): void;
  /** Train the model anew, after a question that says what will happen. */
  now(model: IModelRef): void;
}
