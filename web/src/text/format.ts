import { preferences } from '../state/preferences.svelte';

/** Numbers, sizes and times as people read them, in the console's language. */

const locale = (): string => (preferences.language === 'zh' ? 'zh-CN' : 'en-GB');
const numbers = (): string => (preferences.language === 'zh' ? 'zh-CN' : 'en-US');
const cache = new Map<string, Intl.NumberFormat>();

function formatter(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = numbers() + JSON.stringify(options);
  let found = cache.get(key);
  if (!found) cache.set(key, (found = new Intl.NumberFormat(numbers(), options)));
  return found;
}

export const none = '–';

export function whole(value: number): string {
  return formatter({ maximumFractionDigits: 0 }).format(value);
}

/** Three significant digits, without a pretended precision. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return none;
  if (value === 0) return '0';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return formatter({ maximumFractionDigits: digits }).format(value);
}

export function compact(value: number): string {
  return value < 10_000 ? whole(value) : formatter({ notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

export function percent(share: number | null | undefined, digits = 1): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return none;
  return formatter({ style: 'percent', maximumFractionDigits: digits }).format(share);
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return none;
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${figure(value)} ${units[unit]}`;
}

export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return none;
  return value < 1000 ? `${figure(value)} ms` : `${figure(value / 1000)} s`;
}

/** A time to wait, in the largest unit that still says enough. */
export function duration(seconds: number): string {
  const [value, unit] = seconds < 120 ? [seconds, 'second'] : seconds < 7200 ? [Math.floor(seconds / 60), 'minute'] : [Math.floor(seconds / 3600), 'hour'];
  return formatter({ style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 0 }).format(value);
}

export function moment(iso: string): string {
  return new Date(iso).toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'medium' });
}

export function clock(iso: string): string {
  const time = new Date(iso);
  const today = new Date().toDateString() === time.toDateString();
  return today
    ? time.toLocaleTimeString(locale(), { timeStyle: 'medium' })
    : time.toLocaleString(locale(), { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
}

export function ago(iso: string | null, now: number): string {
  if (!iso) return none;
  const age = Math.max(0, (now - Date.parse(iso)) / 1000);
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto', style: 'short' });
  if (age < 5) return relative.format(0, 'second');
  if (age < 60) return relative.format(-Math.floor(age), 'second');
  if (age < 3600) return relative.format(-Math.floor(age / 60), 'minute');
  if (age < 86400) return relative.format(-Math.floor(age / 3600), 'hour');
  return relative.format(-Math.floor(age / 86400), 'day');
}

/** Eight hex digits: enough to tell versions apart, and what the API takes as a prefix. */
export function short(digest: string | null | undefined): string {
  return digest ? digest.replace(/^sha256:/, '').slice(0, 8) : none;
}

export function nameAt(name: string, digest: string | null | undefined): string {
  return digest ? `${name}@${short(digest)}` : name;
}
