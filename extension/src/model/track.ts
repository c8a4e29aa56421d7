const TRACKED = /^%%track\b[^\n]*\n?/;

/** Whether a cell's source begins with the magic. */
export function isTracked(source: string): boolean {
  return TRACKED.test(source);
}

/** An edit of a cell's source: replace what stands from 0 to `end` by `text`. */
export interface IEdit {
  readonly end: number;
  readonly text: string;
}

/** The edit that switches tracking of a cell on or off. */
export function toggleTracking(source: string): IEdit {
  const found = TRACKED.exec(source);
  return found ? { end: found[0].length, text: '' } : { end: 0, text: '%%track\n' };
}

/** Whether a notebook loads nbops somewhere. */
export function loadsNbops(sources: Iterable<string>): boolean {
  for (const source of sources) {
    if (/^\s*%(load_ext|reload_ext)\s+nbops\b/m.test(source)) {
      return true;
    }
  }
  return false;
}
