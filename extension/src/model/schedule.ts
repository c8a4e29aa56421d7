import type { ISchedules, ScheduleDraft } from '../pipelines';
import type { Schedule, ScheduleRun } from '../records';
import { blank, DraftModel, draftOf, type IDraftState } from './draft';
import { failureOf } from './failure';
import { ownZone } from './when';

export interface IScheduleState extends IDraftState<ScheduleDraft> {
  /** The schedule as the server has it; null for one that is to be made. */
  readonly schedule: Schedule | null;
  readonly runs: readonly ScheduleRun[];
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
export class ScheduleModel extends DraftModel<ScheduleDraft, IScheduleState> {
  constructor(
    private readonly _api: ISchedules,
    path: string,
    /** Name of a schedule; empty for a new one. */
    private _name: string,
    given: Partial<ScheduleDraft> = {}
  ) {
    const draft = { ...EMPTY, timezone: ownZone(), ...given };
    super({ ...blank(path, draft, _name === ''), schedule: null, runs: [] }, (place, cron, zone) =>
      _api.preview(place, cron, zone)
    );
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
        if (schedule) {
          this.take(draftOf<ScheduleDraft>(schedule, EMPTY));
        }
      }
      await this.foresee();
    } catch (reason) {
      this.update({ loaded: true, failure: failureOf(reason) });
    }
  }

  protected override timed(draft: ScheduleDraft): boolean {
    return draft.trigger === 'cron';
  }

  protected override kept(): ScheduleDraft | null {
    const { schedule } = this.state;
    return schedule && draftOf<ScheduleDraft>(schedule, EMPTY);
  }

  protected override async send(draft: ScheduleDraft): Promise<void> {
    const { schedule, times } = await this._api.save(this.state.path, draft);
    this._name = schedule.name;
    this.accept(draftOf<ScheduleDraft>(schedule, EMPTY));
    this.update({ schedule, preview: { times, problem: '' } });
  }
}
