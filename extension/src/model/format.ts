import type { ITrans } from '../tokens';
import type { WireNumber } from '../records';

/** A wire number as JavaScript knows it. */
export function toNumber(value: WireNumber): number {
  return typeof value === 'number' ? value : Number(value);
}

/** A metric for people: four significant digits, at least three decimals near one, thousands grouped. */
export function formatNumber(value: WireNumber): string {
  const number = toNumber(value);
  if (!Number.isFinite(number)) {
    return Number.isNaN(number) ? 'NaN' : number > 0 ? '∞' : '-∞';
  }
  const size = Math.abs(number);
  if (size >= 1e15 || (size < 1e-4 && size > 0)) {
    return number.toExponential(3);
  }
  if (size >= 1000) {
    return number.toLocaleString('en', { maximumFractionDigits: 1 });
  }
  const short = String(Number(number.toPrecision(4)));
  // Figures in a column are easier to compare with their last zeros.
  return !Number.isInteger(number) && size >= 0.1 && size < 10 && short.length < number.toFixed(3).length
    ? number.toFixed(3)
    : short;
}

/** A gate's figure: three decimals, so that those of one row can be compared; with its sign if it is a difference. */
export function formatGate(value: WireNumber, signed = false): string {
  const number = toNumber(value);
  const size = Math.abs(number);
  const text = size < 10 && (size >= 0.001 || size === 0) ? number.toFixed(3) : formatNumber(value);
  return signed && number > 0 ? `+${text}` : text;
}

/** Whole numbers with their thousands grouped. */
export function formatCount(value: number): string {
  return value.toLocaleString('en');
}

/** A duration given in seconds. */
export function formatDuration(seconds: WireNumber | null): string {
  if (seconds === null) {
    return '';
  }
  const value = toNumber(seconds);
  if (!Number.isFinite(value)) {
    return '';
  }
  if (value < 0.9995) {
    return `${Math.max(0, Math.round(value * 1000))} ms`;
  }
  if (value < 60) {
    return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`;
  }
  const whole = Math.round(value);
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A size in bytes, in the units of storage. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : Number(value.toPrecision(2))} ${units[unit]}`;
}

/** How long ago a moment was, in few letters. Both in seconds since the epoch. */
export function formatAgo(moment: WireNumber, now: number, trans: ITrans): string {
  const seconds = now - toNumber(moment);
  if (!(seconds >= 45)) {
    return trans.__('now');
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) {
    return trans.__('%1 min', minutes);
  }
  const hours = Math.round(seconds / 3600);
  if (hours < 24) {
    return trans.__('%1 h', hours);
  }
  const days = Math.round(seconds / 86400);
  return days < 30 ? trans._n('%1 day', '%1 days', days) : formatDate(moment);
}

/** A moment as a local date. */
export function formatDate(moment: WireNumber): string {
  const date = new Date(toNumber(moment) * 1000);
  return Number.isNaN(date.getTime())
    ? ''
    : date.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** A moment as a local date and time. */
export function formatMoment(moment: WireNumber | null): string {
  if (moment === null || toNumber(moment) === 0) {
    return '';
  }
  const date = new Date(toNumber(moment) * 1000);
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleString();
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A digest short enough to compare by eye. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 6);
}
