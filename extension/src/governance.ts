import type {
  AuditEvent,
  AuditVerdict,
  Lineage,
  ModelCard,
  Placement,
  PromotionRequest,
  PromotionView
} from './records';

/** A version of a registered model, and where it was shown. */
export interface IVersionTarget {
  readonly path: string;
  readonly name: string;
  readonly version: number;
}

/** A version and the lifecycle stage or alias it is to hold. */
export interface IPromotionTarget extends IVersionTarget {
  readonly target: string;
}

/** What can be done with a version. */
export type Act = 'request' | 'approve' | 'reject' | 'withdraw' | 'promote' | 'rollback' | 'archive';

/** What an act says: the version and holder that were looked at, and why. */
export interface IActFields {
  readonly target?: string;
  /** Number of the version that is to be replaced, or `none`. */
  readonly expected?: string;
  readonly gate_report?: string;
  readonly digest?: string;
  readonly reason?: string;
}

/** How far an evaluation of the gates has come. `failure` says why it gave no report. */
export interface IGateRun {
  readonly running: boolean;
  readonly failure: string;
}

/** A part of the audit log, oldest first, and the number of its last event. */
export interface IAuditPage {
  readonly events: readonly AuditEvent[];
  readonly head: number;
}

export interface IAuditQuery {
  readonly model: string;
  /** Only events with a greater number. */
  readonly after: number;
  /** At most so many of the newest. */
  readonly limit: number;
}

/** Promotion, audit log, lineage and model cards of the server part. */
export interface IGovernance {
  view(target: IPromotionTarget): Promise<PromotionView>;
  /** Evaluate the gates; the answer comes when they are done, or says that they go on. */
  runGates(target: IPromotionTarget): Promise<IGateRun>;
  /** Wait for the gates. */
  gates(target: IPromotionTarget): Promise<IGateRun>;
  act(version: IVersionTarget, act: Act, fields: IActFields): Promise<unknown>;
  requests(path: string): Promise<readonly PromotionRequest[]>;
  history(path: string, name: string): Promise<readonly Placement[]>;
  card(version: IVersionTarget): Promise<ModelCard>;
  /** Write fields of the model card; the card as it is then. */
  writeCard(version: IVersionTarget, texts: Readonly<Record<string, string>>): Promise<ModelCard>;
  audit(path: string, query: IAuditQuery): Promise<IAuditPage>;
  verify(path: string): Promise<AuditVerdict>;
  lineage(path: string, start: string): Promise<Lineage>;
}

/** A question before something is done: what changes, and whether words are needed for it. */
export interface IQuestion {
  readonly title: string;
  readonly text: string;
  readonly verb: string;
  /** Whether a reason must be given. */
  readonly reason: boolean;
  /** Whether no words are asked for at all. */
  readonly wordless?: boolean;
  /** Whether it takes something away. */
  readonly danger?: boolean;
  /** A reason that was already written. */
  readonly given?: string;
}

/** What a person can do with versions. Every action is also a command. */
export interface IRegistryActions {
  openPromotion(target: IPromotionTarget): void;
  openLineage(target: { path: string; start: string }): void;
  archive(version: IVersionTarget): void;
  allowPickle(version: IVersionTarget): void;
  insertLoad(version: { name: string; version: string }): void;
  /** Ask before something is done; the reason, or null if the person thinks better of it. */
  ask(question: IQuestion): Promise<string | null>;
  /** Something has been changed here. */
  changed(): void;
}
