/** A value that can be watched; the shape `useSyncExternalStore` wants. */
export class Store<T> {
  constructor(private _state: T) {}

  get state(): T {
    return this._state;
  }

  /** Replace the given fields and tell the listeners. */
  update(change: Partial<T>): void {
    this._state = { ...this._state, ...change };
    for (const listener of [...this._listeners]) {
      listener();
    }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this._listeners.add(listener);
    return () => this._listeners.delete(listener);
  };

  readonly snapshot = (): T => this._state;

  private readonly _listeners = new Set<() => void>();
}
