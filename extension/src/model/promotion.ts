import type { Act, IActFields, IGovernance, IPromotionTarget } from '../governance';
import type { PromotionView } from '../records';
import { failureOf, type IFailure } from './failure';
import { Store } from './store';

/** Something under way. */
export type Busy = Act | 'gates' | '';

export interface IPromotionState {
  readonly wanted: IPromotionTarget;
  readonly view: PromotionView | null;
  /** Whether the server takes no decisions here. */
  readonly readonly: boolean;
  readonly loading: boolean;
  readonly busy: Busy;
  /** Why the view could not be loaded. */
  readonly failure: IFailure | null;
  /** Why the last act was refused. */
  readonly refusal: IFailure | null;
  /** The last act that went through. */
  readonly done: Busy;
}

/** A version on its way to a lifecycle stage or alias. The last good view stays when a refresh fails. */
export class PromotionModel extends Store<IPromotionState> {
  constructor(
    private readonly _governance: IGovernance,
    wanted: IPromotionTarget,
    /** Asks whether the server takes decisions. */
    private readonly _isReadonly: () => Promise<boolean>
  ) {
    super({
      wanted,
      view: null,
      readonly: false,
      loading: false,
      busy: '',
      failure: null,
      refusal: null,
      done: ''
    });
  }

  /** Look at another lifecycle stage or alias. */
  async choose(target: string): Promise<void> {
    this.update({ wanted: { ...this.state.wanted, target }, refusal: null, done: '' });
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const generation = ++this._generation;
    this.update({ loading: true });
    try {
      const [view, readonly] = await Promise.all([
        this._governance.view(this.state.wanted),
        this._isReadonly().catch(() => false)
      ]);
      if (generation === this._generation) {
        this.update({ view, readonly, loading: false, failure: null });
      }
    } catch (reason) {
      if (generation === this._generation) {
        this.update({ loading: false, failure: failureOf(reason) });
      }
    }
  }

  /** Evaluate the gates and wait for them; others may look elsewhere meanwhile. */
  async runGates(): Promise<boolean> {
    const { wanted } = this.state;
    return this._do('gates', async () => {
      let run = await this._governance.runGates(wanted);
      while (run.running) {
        run = await this._governance.gates(wanted);
      }
      if (run.failure) {
        throw new Error(run.failure);
      }
    });
  }

  /**
   * Do what was decided on, against the very version, holder and gate report that were in view when it was decided:
   * `seen` where a question stood between, during which the view may have moved on.
   */
  async act(act: Act, reason: string, other?: number, seen?: PromotionView): Promise<boolean> {
    const { wanted } = this.state;
    const view = seen ?? this.state.view;
    if (view === null) {
      return false;
    }
    const version = { ...wanted, version: other ?? wanted.version };
    return this._do(act, () => this._governance.act(version, act, fieldsOf(act, view, reason)));
  }

  private async _do(busy: Busy, work: () => Promise<unknown>): Promise<boolean> {
    if (this.state.busy !== '') {
      return false;
    }
    this.update({ busy, refusal: null, done: '' });
    let refusal: IFailure | null = null;
    try {
      await work();
    } catch (reason) {
      refusal = failureOf(reason);
    }
    // Whatever came of it, what is shown must be what is true now.
    await this.refresh();
    this.update({ busy: '', refusal, done: refusal ? '' : busy });
    return refusal === null;
  }

  private _generation = 0;
}

function fieldsOf(act: Act, view: PromotionView, reason: string): IActFields {
  const { target, digest } = view;
  switch (act) {
    case 'promote':
      return {
        target,
        digest,
        reason,
        expected: view.holder === null ? 'none' : String(view.holder),
        gate_report: view.report_current ? view.report?.digest : undefined
      };
    case 'approve':
      return { target, digest, reason };
    default:
      return { target, reason };
  }
}
