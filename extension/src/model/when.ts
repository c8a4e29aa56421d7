import type { WireNumber } from '../records';
import type { ITrans } from '../tokens';
import { toNumber } from './format';

const DAY = 86_400_000;

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** A moment to come (or gone) as people say it, in their own zone. Both in seconds since the epoch. */
export function whenWords(moment: WireNumber, now: number, trans: ITrans): string {
  const date = new Date(toNumber(moment) * 1000);
  if (Number.isNaN(date.getTime())) {
    return '';
  }
  const time = date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  // Rounded, because a day on which the clock changes has 23 or 25 hours.
  const days = Math.round((midnight(date) - midnight(new Date(now * 1000))) / DAY);
  switch (days) {
    case 0:
      return time;
    case 1:
      return trans.__('tomorrow %1', time);
    case -1:
      return trans.__('yesterday %1', time);
    default:
      return `${day(date, days)} ${time}`;
  }
}

function day(date: Date, days: number): string {
  if (days > 0 && days < 7) {
    return date.toLocaleDateString(undefined, { weekday: 'short' });
  }
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : ('numeric' as const);
  return date.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year });
}

/** The zone of this browser, as the server knows it too. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** Names of time zones to choose from. */
export function zones(): readonly string[] {
  const known = (Intl as { supportedValuesOf?: (kind: string) => string[] }).supportedValuesOf;
  return ['UTC', ...(known?.('timeZone') ?? []).filter(zone => zone !== 'UTC')];
}
