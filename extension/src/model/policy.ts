import type { RetrainPolicy } from '../records';
import type { IRetraining, IRetrainingView, PolicyDraft } from '../retraining';
import { blank, DraftModel, draftOf, type Foresee, type IDraftState } from './draft';
import { failureOf } from './failure';
import { ownZone } from './when';

export interface IPolicyState extends IDraftState<PolicyDraft> {
  /** As the server has it; null before it was asked. */
  readonly view: IRetrainingView | null;
}

/** What a policy begins with; numbers that are null are the usual ones. */
const EMPTY: PolicyDraft = {
  pipeline: '',
  on: ['drift', 'performance'],
  cron: '',
  timezone: 'UTC',
  volume: null,
  source: 'predictions',
  time: '',
  label: 'target',
  window: 'all',
  data_parameter: 'source',
  parameters: {},
  holdout: null,
  metric: '',
  min_gain: null,
  confidence: null,
  target: 'Production',
  mode: 'approval',
  cool_down_hours: null,
  budget: null,
  budget_days: null
};

/** The numbers that count where none is written. */
export const USUAL = {
  holdout: 0.25,
  min_gain: 0,
  confidence: 0.95,
  cool_down_hours: 24,
  budget: 4,
  budget_days: 30
} as const;

/** The retraining of a model being looked at, and its policy being written. */
export class PolicyModel extends DraftModel<PolicyDraft, IPolicyState> {
  constructor(
    private readonly _api: IRetraining,
    foresee: Foresee,
    path: string,
    readonly name: string,
    given: Partial<PolicyDraft> = {}
  ) {
    super({ ...blank(path, { ...EMPTY, timezone: ownZone(), ...given }, false), view: null }, foresee);
  }

  /** The policy as the server has it. */
  get policy(): RetrainPolicy | null {
    return this.state.view?.policy ?? null;
  }

  /** The policy as it is written, for those who put it into words. */
  get written(): RetrainPolicy {
    const { draft } = this.state;
    const numbers = Object.entries(USUAL).map(([name, usual]) => [
      name,
      draft[name as keyof typeof USUAL] ?? usual
    ]);
    const { paused = false, origin = '', author = '' } = this.policy ?? {};
    const facts = { model: this.name, paused, origin, author, volume: draft.volume ?? 0 };
    return { ...draft, ...facts, ...Object.fromEntries(numbers) } as RetrainPolicy;
  }

  async refresh(): Promise<void> {
    const { path } = this.state;
    try {
      const view = await this._api.view({ path, model: this.name });
      this.update({ view, loaded: true, failure: null });
      if (view.policy) {
        this.take(written(view.policy));
      }
      await this.foresee();
    } catch (reason) {
      this.update({ loaded: true, failure: failureOf(reason) });
    }
  }

  protected override timed(draft: PolicyDraft): boolean {
    return draft.on.includes('schedule') && super.timed(draft);
  }

  protected override kept(): PolicyDraft | null {
    return this.policy && written(this.policy);
  }

  protected override async send(draft: PolicyDraft): Promise<void> {
    const { path } = this.state;
    const asked = { path, model: this.name };
    // What is hidden because nothing starts by it is not meant.
    const policy = await this._api.save(asked, {
      ...draft,
      cron: draft.on.includes('schedule') ? draft.cron : '',
      volume: draft.on.includes('volume') ? draft.volume : 0
    });
    this.accept(written(policy));
    await this.refresh();
  }
}

/** A policy as it stands in the form. */
function written(policy: RetrainPolicy): PolicyDraft {
  const parameters = Object.entries(policy.parameters).map(([name, value]) => [name, JSON.stringify(value)]);
  const volume = policy.on.includes('volume') ? policy.volume : null;
  return {
    ...draftOf<PolicyDraft>({ ...policy, volume, parameters: Object.fromEntries(parameters) }, EMPTY)
  };
}
