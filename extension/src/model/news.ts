import type { IGovernance, IPromotionTarget } from '../governance';
import type { AuditEvent } from '../records';
import type { ITrans } from '../tokens';

/** More new events than this at once are history, not news. */
const MOST = 50;

/** Something a person should hear of. */
export interface INotice {
  readonly text: string;
  readonly tone: 'info' | 'success' | 'warning';
  /** What to show when asked for more. */
  readonly target: IPromotionTarget | null;
}

export interface INewsOptions {
  readonly governance: IGovernance;
  readonly trans: ITrans;
  /** Name of who acts through this page, empty if not known. */
  readonly me: (path: string) => Promise<{ workspace: string; name: string } | null>;
  readonly tell: (notice: INotice) => void;
}

/** Reads what is new in the audit log of the workspace in front and tells it once. */
export class News {
  constructor(private readonly _options: INewsOptions) {}

  /** Another notebook, perhaps of another workspace, is in front. */
  setPath(path: string): void {
    this._path = path;
  }

  /** Tell what has happened since the last look; the first look at a workspace only remembers where its log ends. */
  async look(): Promise<void> {
    const path = this._path;
    const { governance, me, tell, trans } = this._options;
    const here = await me(path).catch(() => null);
    if (here === null) {
      return;
    }
    const seen = this._seen.get(here.workspace);
    const page = await governance
      .audit(path, { model: '', after: seen ?? 0, limit: seen === undefined ? 1 : MOST })
      .catch(() => null);
    if (page === null) {
      return;
    }
    // Another look may have been quicker.
    const known = this._seen.get(here.workspace);
    this._seen.set(here.workspace, Math.max(known ?? 0, page.head));
    if (seen === undefined || known === undefined) {
      return;
    }
    for (const event of page.events) {
      const notice = event.seq > known ? noticeOf(event, path, here.name, trans) : null;
      if (notice) {
        tell(notice);
      }
    }
  }

  private _path = '';
  private readonly _seen = new Map<string, number>();
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** What a person hears of an event; null for what concerns nobody at once. */
export function noticeOf(event: AuditEvent, path: string, me: string, trans: ITrans): INotice | null {
  const { action, actor, model, detail, reason } = event;
  const version = event.version ?? Number(text(detail['to']) || NaN);
  const place = text(detail['target']);
  const target =
    model && place && Number.isInteger(version) ? { path, name: model, version, target: place } : null;
  const why = reason ? ` ${trans.__('Reason: %1', reason)}` : '';
  const mine = actor === me;
  switch (action) {
    case 'promote':
      return {
        text: trans.__('%1 v%2 now holds %3, promoted by %4.', model, version, place, actor) + why,
        tone: 'success',
        target
      };
    case 'rollback':
      return {
        text: trans.__('%1 went back to v%2 in %3, by %4.', model, version, place, actor) + why,
        tone: 'warning',
        target
      };
    case 'request':
      return mine
        ? null
        : {
            text: trans.__('%1 asks for approval of %2 v%3 for %4.', actor, model, version, place) + why,
            tone: 'info',
            target
          };
    case 'approve':
      return mine
        ? null
        : {
            text: trans.__('%1 approved %2 v%3 for %4.', actor, model, version, place) + why,
            tone: 'success',
            target
          };
    case 'reject':
      return mine
        ? null
        : {
            text: trans.__('%1 rejected %2 v%3 for %4.', actor, model, version, place) + why,
            tone: 'warning',
            target
          };
    case 'foreign-change':
      return {
        text: trans.__('%1 was changed in MLflow’s registry, not through the gate.', model),
        tone: 'warning',
        target: null
      };
    default:
      return null;
  }
}
