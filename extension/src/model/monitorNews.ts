import type { IMonitorRef, IMonitors } from '../monitors';
import type { Incident } from '../records';
import type { ITrans } from '../tokens';
import { toNumber } from './format';

/** Something about monitors that a person should hear of. */
export interface IMonitorNotice {
  readonly text: string;
  /** Whether it is over: told quietly. */
  readonly over: boolean;
  readonly incident: number;
  readonly check: string;
  readonly monitor: IMonitorRef;
}

export interface IMonitorNewsOptions {
  readonly monitors: IMonitors;
  readonly trans: ITrans;
  /** The workspace a path belongs to; empty if the server does not say. */
  readonly workspace: (path: string) => Promise<string>;
  readonly tell: (notice: IMonitorNotice) => void;
  /** What was told of an incident needs to be in nobody's way any more. */
  readonly settled: (incident: number) => void;
}

/** What was last known of an incident. */
interface IKnown {
  readonly state: Incident['state'];
  readonly reminded: number;
}

/** Tells new trouble once, again when it is reminded of, and quietly that it is over. */
export class MonitorNews {
  constructor(private readonly _options: IMonitorNewsOptions) {}

  /** Another notebook, perhaps of another workspace, is in front. */
  setPath(path: string): void {
    this._path = path;
  }

  /** The first look at a workspace only remembers what there is. */
  async look(): Promise<void> {
    const path = this._path;
    const { monitors, workspace } = this._options;
    const here = await workspace(path).catch(() => '');
    const incidents = here ? await monitors.news(path).catch(() => null) : null;
    if (incidents === null) {
      return;
    }
    const seen = this._seen.get(here);
    const known = seen ?? new Map<number, IKnown>();
    this._seen.set(here, known);
    for (const incident of [...incidents].sort((a, b) => a.id - b.id)) {
      const before = known.get(incident.id);
      const { state } = incident;
      const reminded = toNumber(incident.reminded_at ?? 0);
      known.set(incident.id, { state, reminded });
      if (seen !== undefined) {
        this._compare(incident, before, reminded, path);
      }
    }
  }

  private _compare(incident: Incident, before: IKnown | undefined, reminded: number, path: string): void {
    const { tell, settled, trans } = this._options;
    const { state, id } = incident;
    if (state === 'open' && (before === undefined || reminded > before.reminded)) {
      tell(noticeOf(incident, before !== undefined, path, trans));
    } else if (before !== undefined && before.state !== state) {
      settled(id);
      if (state === 'recovered') {
        tell(noticeOf(incident, false, path, trans));
      }
    }
  }

  private _path = '';
  private readonly _seen = new Map<string, Map<number, IKnown>>();
}

function noticeOf(incident: Incident, again: boolean, path: string, trans: ITrans): IMonitorNotice {
  const { monitor, check, message, state, id } = incident;
  const over = state === 'recovered';
  const said = message || check;
  return {
    text: over
      ? trans.__('%1: %2 is over.', monitor, check)
      : again
        ? trans.__('%1 still: %2', monitor, said)
        : trans.__('%1: %2', monitor, said),
    over,
    incident: id,
    check,
    monitor: { path, name: monitor }
  };
}
