import type { IGovernance } from '../governance';
import type { AuditEvent, AuditVerdict } from '../records';
import { failureOf, type IFailure } from './failure';
import { Store } from './store';

/** Events shown at first, and how many more each time. */
export const EVENTS = 30;

export interface IAuditState {
  readonly path: string;
  readonly model: string;
  readonly limit: number;
  /** Oldest first. */
  readonly events: readonly AuditEvent[];
  readonly head: number;
  readonly verdict: AuditVerdict | null;
  readonly verifying: boolean;
  readonly loading: boolean;
  readonly loaded: boolean;
  readonly failure: IFailure | null;
}

/** The newest events of the audit log, and whether it can be proved. */
export class AuditModel extends Store<IAuditState> {
  /** Whether anybody looks. */
  active = false;

  constructor(private readonly _governance: IGovernance) {
    super({
      path: '',
      model: '',
      limit: EVENTS,
      events: [],
      head: 0,
      verdict: null,
      verifying: false,
      loading: false,
      loaded: false,
      failure: null
    });
  }

  /** Another workspace is shown. */
  setPath(path: string): void {
    if (path !== this.state.path) {
      this.update({ path, model: '', limit: EVENTS, verdict: null });
    }
  }

  /** Show the events of one registered model, or of all. */
  async choose(model: string): Promise<void> {
    this.update({ model, limit: EVENTS });
    await this.refresh();
  }

  async older(): Promise<void> {
    this.update({ limit: this.state.limit + EVENTS });
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const { path, model, limit } = this.state;
    const generation = ++this._generation;
    this.update({ loading: true });
    try {
      const { events, head } = await this._governance.audit(path, { model, after: 0, limit });
      if (generation === this._generation) {
        this.update({ events, head, loading: false, loaded: true, failure: null });
      }
    } catch (reason) {
      if (generation === this._generation) {
        this.update({ loading: false, loaded: true, failure: failureOf(reason) });
      }
    }
  }

  /** Prove the whole log. */
  async verify(): Promise<void> {
    const { path } = this.state;
    this.update({ verifying: true });
    try {
      const verdict = await this._governance.verify(path);
      if (path === this.state.path) {
        this.update({ verdict, failure: null });
      }
    } catch (reason) {
      this.update({ failure: failureOf(reason) });
    } finally {
      this.update({ verifying: false });
    }
  }

  private _generation = 0;
}
