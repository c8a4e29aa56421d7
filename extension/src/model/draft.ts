import type { IPreview } from '../pipelines';
import { failureOf, type IFailure, without } from './failure';
import { Store } from './store';

/** How long typing must rest before the server is asked, in milliseconds. */
export const TYPING = 250;

/** When a cron expression comes due, as the server says. */
export type Foresee = (path: string, cron: string, timezone: string) => Promise<IPreview>;

/** What is written with times in it. */
export interface ITimed {
  readonly cron: string;
  readonly timezone: string;
}

export interface IDraftState<D> {
  readonly path: string;
  readonly draft: D;
  /** Whether anything has been written that is not saved. */
  readonly dirty: boolean;
  /** Changes when the form is filled anew by something else than writing in it. */
  readonly filled: number;
  /** When it comes due as it is written. */
  readonly preview: IPreview;
  readonly loaded: boolean;
  readonly saving: boolean;
  readonly failure: IFailure | null;
  /** Why it was not saved. */
  readonly refusal: IFailure | null;
  readonly saved: boolean;
}

const NEVER: IPreview = { times: [], problem: '' };

/** The state of a form before anything was loaded or written. */
export function blank<D>(path: string, draft: D, loaded: boolean): IDraftState<D> {
  return {
    path,
    draft,
    dirty: false,
    filled: 0,
    preview: NEVER,
    loaded,
    saving: false,
    failure: null,
    refusal: null,
    saved: false
  };
}

/** Something that the server keeps, being looked at and written. `S` is its state, which has the draft `D` in it. */
export abstract class DraftModel<D extends ITimed, S extends IDraftState<D>> extends Store<S> {
  constructor(
    state: S,
    private readonly _foresee: Foresee
  ) {
    super(state);
  }

  /** Load what the server has. */
  abstract refresh(): Promise<void>;

  /** The draft of what the server has; null if it has none. */
  protected abstract kept(): D | null;

  /** Save a draft. What the server makes of it is told by `accept`. */
  protected abstract send(draft: D): Promise<void>;

  /** Whether it comes due by its times. */
  protected timed(draft: D): boolean {
    return draft.cron.trim() !== '';
  }

  /** Something was written. */
  write(change: Partial<D>): void {
    const { draft, refusal } = this.state;
    // What was refused is another one now; whether that is good is seen when it is saved.
    const left = refusal && without(refusal, change);
    this.set({ draft: { ...draft, ...change }, dirty: true, saved: false, refusal: left });
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this.foresee(false), TYPING);
  }

  /** Forget what was written. */
  discard(): void {
    const draft = this.kept();
    if (draft) {
      this.set({ draft, dirty: false, filled: this.state.filled + 1, refusal: null });
      void this.foresee();
    }
  }

  async save(): Promise<boolean> {
    this.set({ saving: true, refusal: null, saved: false });
    try {
      await this.send(this.state.draft);
    } catch (reason) {
      this.set({ refusal: failureOf(reason) });
    } finally {
      this.set({ saving: false });
    }
    return this.state.refusal === null;
  }

  dispose(): void {
    clearTimeout(this._timer);
  }

  /** Change what every draft has. */
  protected set(change: Partial<IDraftState<D>>): void {
    this.update(change as Partial<S>);
  }

  /** It was saved, and this is what the server has now. */
  protected accept(draft: D): void {
    this.set({ draft, dirty: false, saved: true });
  }

  /** Show what others have saved; a form that shows it already is left alone, and so is one that is being written. */
  protected take(draft: D): void {
    if (!this.state.dirty && JSON.stringify(draft) !== JSON.stringify(this.state.draft)) {
      this.set({ draft, saved: false, filled: this.state.filled + 1 });
    }
  }

  /** Ask when it comes due as it is written; without `again` only if that is not known. */
  protected async foresee(again = true): Promise<void> {
    const { path, draft } = this.state;
    if (!this.timed(draft)) {
      this._asked = '';
      this.set({ preview: NEVER });
      return;
    }
    const { cron, timezone } = draft;
    const asked = JSON.stringify([cron, timezone]);
    if (asked === this._asked && !again) {
      return;
    }
    this._asked = asked;
    const preview = await this._foresee(path, cron, timezone).catch(reason => ({
      times: [],
      problem: failureOf(reason).message
    }));
    if (asked === this._asked) {
      this.set({ preview });
    }
  }

  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _asked = '';
}

/** The part of a record that people write: the fields of `empty`. */
export function draftOf<D extends object>(record: D, empty: D): D {
  return Object.fromEntries(Object.keys(empty).map(name => [name, record[name as keyof D]])) as D;
}
