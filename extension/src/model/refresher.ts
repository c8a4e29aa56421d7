/** How long changes are gathered before one refresh, in milliseconds. */
export const DELAY = 150;

export interface IRefresherOptions {
  /** Load again. It must not throw. */
  refresh: () => Promise<void>;
  /** Whether anybody could see the result. */
  visible: () => boolean;
  delay?: number;
}

/**
 * Turns any number of changes into few refreshes: one per delay, one at a time, none while nobody looks.
 */
export class Refresher {
  constructor(private readonly _options: IRefresherOptions) {
    // What has changed while the browser's tab was hidden is asked for when it comes back.
    document.addEventListener('visibilitychange', this._onVisibility);
  }

  /** Something has changed. */
  touch(): void {
    this._dirty = true;
    this._schedule();
  }

  /** The view has become visible: catch up if anything has changed meanwhile. */
  shown(): void {
    if (this._dirty) {
      this._schedule();
    }
  }

  dispose(): void {
    this._disposed = true;
    clearTimeout(this._timer);
    document.removeEventListener('visibilitychange', this._onVisibility);
  }

  private _schedule(): void {
    if (this._disposed || this._timer !== undefined || this._running || !this._options.visible()) {
      return;
    }
    this._timer = setTimeout(() => void this._run(), this._options.delay ?? DELAY);
  }

  private async _run(): Promise<void> {
    this._timer = undefined;
    if (this._disposed || !this._options.visible()) {
      return;
    }
    this._dirty = false;
    this._running = true;
    try {
      await this._options.refresh();
    } finally {
      this._running = false;
      if (this._dirty) {
        this._schedule();
      }
    }
  }

  private readonly _onVisibility = (): void => this.shown();
  private _dirty = false;
  private _running = false;
  private _disposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
