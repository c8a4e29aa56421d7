/** A change that the server (or a finished cell) has told us about. `null` stands for "maybe yours". */
export type Workspace = string | null;

/** Passes changes of workspaces on to whoever shows them. */
export class ChangeFeed {
  /** Whether the server's events are listened to; changes seen in the notebook always count. */
  enabled = true;

  /** Listen; the returned function ends it. */
  subscribe(listener: (workspace: Workspace) => void): () => void {
    this._listeners.add(listener);
    return () => this._listeners.delete(listener);
  }

  /** The server says that a workspace has changed. */
  event(workspace: string): void {
    if (this.enabled) {
      this._emit(workspace);
    }
  }

  /** A tracked cell has ended in this browser. */
  local(): void {
    this._emit(null);
  }

  private _emit(workspace: Workspace): void {
    for (const listener of [...this._listeners]) {
      listener(workspace);
    }
  }

  private readonly _listeners = new Set<(workspace: Workspace) => void>();
}

/** Whether a change in `changed` concerns somebody who shows `shown`; unknown counts as yes. */
export function concerns(changed: Workspace, shown: string): boolean {
  return changed === null || shown === '' || changed === shown;
}
