import type { IMonitors, IMonitorView, MonitorDraft } from '../monitors';
import type { IPreview } from '../pipelines';
import type { Check, Monitor } from '../records';
import { failureOf, type IFailure } from './failure';
import { Store } from './store';
import { ownZone } from './when';

/** How long typing must rest before the server is asked, in milliseconds. */
export const TYPING = 250;

export interface IMonitorState {
  readonly path: string;
  /** The monitor as the server has it; null for one that is to be made. */
  readonly view: IMonitorView | null;
  readonly draft: MonitorDraft;
  /** Whether anything has been written that is not saved. */
  readonly dirty: boolean;
  /** Changes when the form is filled anew by something else than writing in it. */
  readonly filled: number;
  /** Whether the form is shown. */
  readonly editing: boolean;
  readonly preview: IPreview;
  readonly loaded: boolean;
  readonly saving: boolean;
  readonly failure: IFailure | null;
  /** Why it was not saved. */
  readonly refusal: IFailure | null;
  readonly saved: boolean;
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

type Foresee = (path: string, cron: string, timezone: string) => Promise<IPreview>;

/** A monitor being looked at and edited. */
export class MonitorModel extends Store<IMonitorState> {
  constructor(
    private readonly _api: IMonitors,
    private readonly _foresee: Foresee,
    path: string,
    /** Name of a monitor; empty for a new one. */
    private _name: string,
    given: Partial<MonitorDraft> = {}
  ) {
    super({
      path,
      view: null,
      draft: { ...EMPTY, timezone: ownZone(), ...given },
      dirty: false,
      filled: 0,
      editing: _name === '',
      preview: { times: [], problem: '' },
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
        const view = await this._api.view({ path, name: this._name });
        this.update({ view, loaded: true, failure: null });
        // What is being written is not overwritten by what others save meanwhile.
        if (!this.state.dirty) {
          this._take(draftOf(view.summary.monitor));
        }
      }
      if (this.state.editing) {
        await this._look();
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
      void this._look();
    }
  }

  /** Something was written. */
  write(change: Partial<MonitorDraft>): void {
    this.update({ draft: { ...this.state.draft, ...change }, dirty: true, saved: false });
    if ('cron' in change || 'timezone' in change) {
      clearTimeout(this._timer);
      this._timer = setTimeout(() => void this._look(), TYPING);
    }
  }

  /** Forget what was written. */
  discard(): void {
    const { view } = this.state;
    if (view) {
      this.update({
        draft: draftOf(view.summary.monitor),
        dirty: false,
        filled: this.state.filled + 1,
        refusal: null,
        editing: false
      });
    }
  }

  async save(): Promise<boolean> {
    const { path, draft } = this.state;
    this.update({ saving: true, refusal: null, saved: false });
    try {
      const monitor = await this._api.save(path, draft);
      this._name = monitor.name;
      this.update({ draft: draftOf(monitor), dirty: false, saved: true, editing: false });
      await this.refresh();
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
  private _take(draft: MonitorDraft): void {
    if (JSON.stringify(draft) !== JSON.stringify(this.state.draft)) {
      this.update({ draft, filled: this.state.filled + 1 });
    }
  }

  /** Ask when it would look as it is written. */
  private async _look(): Promise<void> {
    const { path, draft } = this.state;
    if (!draft.cron.trim()) {
      this.update({ preview: { times: [], problem: '' } });
      return;
    }
    const asked = JSON.stringify([draft.cron, draft.timezone]);
    const preview = await this._foresee(path, draft.cron, draft.timezone).catch(reason => ({
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

/** The part of a monitor that people write. */
export function draftOf(monitor: Monitor): MonitorDraft {
  return Object.fromEntries(
    Object.keys(EMPTY).map(name => [name, monitor[name as keyof MonitorDraft]])
  ) as unknown as MonitorDraft;
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
