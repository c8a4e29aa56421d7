import type { IMonitors, IMonitorView, MonitorDraft } from '../monitors';
import type { Check } from '../records';
import { blank, DraftModel, draftOf, type Foresee, type IDraftState } from './draft';
import { failureOf } from './failure';
import { ownZone } from './when';

export interface IMonitorState extends IDraftState<MonitorDraft> {
  /** The monitor as the server has it; null for one that is to be made. */
  readonly view: IMonitorView | null;
  /** Whether the form is shown. */
  readonly editing: boolean;
}

/** The check that a monitor begins with. */
export const FIRST_CHECK: Check = {
  name: 'drift',
  kind: 'drift',
  columns: [],
  metric: '',
  threshold: null,
  warning: null,
  options: {}
};

const EMPTY: MonitorDraft = {
  name: '',
  model: '',
  source: 'predictions',
  reference: '',
  time: '',
  window: '1d',
  cron: '0 6 * * *',
  timezone: 'UTC',
  checks: [FIRST_CHECK],
  routes: ['lab'],
  remind_hours: 24
};

/** A monitor being looked at and edited. */
export class MonitorModel extends DraftModel<MonitorDraft, IMonitorState> {
  constructor(
    private readonly _api: IMonitors,
    foresee: Foresee,
    path: string,
    /** Name of a monitor; empty for a new one. */
    private _name: string,
    given: Partial<MonitorDraft> = {}
  ) {
    const draft = { ...EMPTY, timezone: ownZone(), ...given };
    super({ ...blank(path, draft, _name === ''), view: null, editing: _name === '' }, foresee);
  }

  get name(): string {
    return this._name;
  }

  async refresh(): Promise<void> {
    const { path } = this.state;
    try {
      if (this._name) {
        const view = await this._api.view({ path, name: this._name });
        this.update({ view, loaded: true, failure: null });
        this.take(draftOf<MonitorDraft>(view.summary.monitor, EMPTY));
      }
      if (this.state.editing) {
        await this.foresee();
      }
    } catch (reason) {
      const failure = failureOf(reason);
      this.update({ loaded: true, failure, ...(failure.status === 404 ? { view: null } : {}) });
    }
  }

  /** Show the form, or fold it. */
  edit(editing: boolean): void {
    this.update({ editing });
    if (editing) {
      void this.foresee();
    }
  }

  override discard(): void {
    super.discard();
    this.update({ editing: this.state.view === null });
  }

  protected override kept(): MonitorDraft | null {
    const { view } = this.state;
    return view && draftOf<MonitorDraft>(view.summary.monitor, EMPTY);
  }

  protected override async send(draft: MonitorDraft): Promise<void> {
    const monitor = await this._api.save(this.state.path, draft);
    this._name = monitor.name;
    this.accept(draftOf<MonitorDraft>(monitor, EMPTY));
    this.update({ editing: false });
    await this.refresh();
  }
}

/** A check with a name that is not taken yet. */
export function newCheck(checks: readonly Check[], kind: Check['kind']): Check {
  const taken = new Set(checks.map(one => one.name));
  let name: string = kind;
  for (let number = 2; taken.has(name); number++) {
    name = `${kind} ${number}`;
  }
  return { ...FIRST_CHECK, name, kind };
}
