import type { IPreview, ISchedules, ScheduleDraft } from '../pipelines';
import type { Schedule, ScheduleRun } from '../records';
import { failureOf, type IFailure } from './failure';
import { Store } from './store';
import { ownZone } from './when';

/** How long typing must rest before the server is asked, in milliseconds. */
export const TYPING = 250;

export interface IScheduleState {
  readonly path: string;
  /** The schedule as the server has it; null for one that is to be made. */
  readonly schedule: Schedule | null;
  readonly draft: ScheduleDraft;
  /** Whether anything has been written that is not saved. */
  readonly dirty: boolean;
  /** Changes when the form is filled anew by something else than writing in it. */
  readonly filled: number;
  readonly preview: IPreview;
  readonly runs: readonly ScheduleRun[];
  readonly loaded: boolean;
  readonly saving: boolean;
  readonly failure: IFailure | null;
  /** Why it was not saved. */
  readonly refusal: IFailure | null;
  readonly saved: boolean;
}

const EMPTY: ScheduleDraft = {
  name: '',
  pipeline: '',
  trigger: 'cron',
  cron: '0 2 * * *',
  timezone: 'UTC',
  subject: '',
  measure: '',
  threshold: 0,
  missed: 'once',
  missed_cap: 10,
  overlap: 'skip',
  parameters: {},
  alerts: []
};

/** A schedule being looked at and edited: what is written, when it would come due, what became of it before. */
export class ScheduleModel extends Store<IScheduleState> {
  constructor(
    private readonly _api: ISchedules,
    path: string,
    /** Name of a schedule; empty for a new one. */
    private _name: string,
    given: Partial<ScheduleDraft> = {}
  ) {
    super({
      path,
      schedule: null,
      draft: { ...EMPTY, timezone: ownZone(), ...given },
      dirty: false,
      filled: 0,
      preview: { times: [], problem: '' },
      runs: [],
      loaded: _name === '',
      saving: false,
      failure: null,
      refusal: null,
      saved: false
    });
  }

  get name(): string {
    return this._name;
  }

  async refresh(): Promise<void> {
    const { path } = this.state;
    try {
      if (this._name) {
        const [schedules, runs] = await Promise.all([this._api.list(path), this._api.runs(path, this._name)]);
        const schedule = schedules.find(one => one.name === this._name) ?? null;
        this.update({ schedule, runs, loaded: true, failure: null });
        // What is being written is not overwritten by what others save meanwhile.
        if (schedule && !this.state.dirty) {
          this._take(draftOf(schedule));
        }
      }
      await this._foresee();
    } catch (reason) {
      this.update({ loaded: true, failure: failureOf(reason) });
    }
  }

  /** Something was written. */
  write(change: Partial<ScheduleDraft>): void {
    this.update({ draft: { ...this.state.draft, ...change }, dirty: true, saved: false });
    clearTimeout(this._timer);
    if ('cron' in change || 'timezone' in change || 'trigger' in change) {
      this._timer = setTimeout(() => void this._foresee(), TYPING);
    }
  }

  /** Forget what was written. */
  discard(): void {
    const { schedule } = this.state;
    if (schedule) {
      const filled = this.state.filled + 1;
      this.update({ draft: draftOf(schedule), dirty: false, filled, refusal: null });
      void this._foresee();
    }
  }

  async save(): Promise<boolean> {
    const { path, draft } = this.state;
    this.update({ saving: true, refusal: null, saved: false });
    try {
      const { schedule, times } = await this._api.save(path, draft);
      this._name = schedule.name;
      const preview = { times, problem: '' };
      this.update({ schedule, draft: draftOf(schedule), dirty: false, saved: true, preview });
    } catch (reason) {
      this.update({ refusal: failureOf(reason) });
    } finally {
      this.update({ saving: false });
    }
    return this.state.refusal === null;
  }

  dispose(): void {
    clearTimeout(this._timer);
  }

  /** Show what others have saved; a form that shows it already is left alone. */
  private _take(draft: ScheduleDraft): void {
    if (JSON.stringify(draft) !== JSON.stringify(this.state.draft)) {
      this.update({ draft, saved: false, filled: this.state.filled + 1 });
    }
  }

  /** Ask when it would come due as it is written. */
  private async _foresee(): Promise<void> {
    const { path, draft } = this.state;
    if (draft.trigger !== 'cron') {
      this.update({ preview: { times: [], problem: '' } });
      return;
    }
    const asked = JSON.stringify([draft.cron, draft.timezone]);
    const preview = await this._api.preview(path, draft.cron, draft.timezone).catch(reason => ({
      times: [],
      problem: failureOf(reason).message
    }));
    const { cron, timezone } = this.state.draft;
    if (asked === JSON.stringify([cron, timezone])) {
      this.update({ preview });
    }
  }

  private _timer: ReturnType<typeof setTimeout> | undefined;
}

/** The part of a schedule that people write. */
export function draftOf(schedule: Schedule): ScheduleDraft {
  const draft = { ...EMPTY };
  return Object.fromEntries(
    Object.keys(draft).map(name => [name, schedule[name as keyof ScheduleDraft]])
  ) as unknown as ScheduleDraft;
}
