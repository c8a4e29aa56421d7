// Blank lines and other cell magics may stand before it.
const TRACKED = /^((?:[ \t]*\n|[ \t]*%%(?!track\b)\w[^\n]*\n)*)[ \t]*%%track\b[^\n]*\n?/;

/** Whether the magic stands at the beginning of a cell's source. */
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
  return found ? { end: found[0].length, text: found[1] } : { end: 0, text: '%%track\n' };
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
