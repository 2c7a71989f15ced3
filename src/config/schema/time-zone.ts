import { closest, distance } from 'fastest-levenshtein';

/** Whether a text names a zone of the IANA time zone database, in whatever letters. */
export function isTimezone(text: string): boolean {
  return canonicalName(text) !== null;
}

/**
 * What is expected instead of the name of a zone in a schedule, or null. Temporal reads names letter by letter, where
 * others take `europe/berlin` and `+01:00`, too.
 */
export function scheduleZoneProblem(text: string): string | null {
  const canonical = canonicalName(text);
  if (canonical === null || !/^[a-z]/i.test(text)) return expectedZone(text);
  const isOtherCase = canonical !== text && canonical.toLowerCase() === text.toLowerCase();
  // Of old names, such as US/Pacific, only the new one is known: each part of theirs begins with a capital.
  const isLowerCase = text.split('/').some((part) => /^[a-z]/.test(part));
  return isOtherCase || isLowerCase ? `expected ${canonical}` : null;
}

/** Zones that people name by a part of their name, or by letters that stand for a time of the year. */
const byShortName: Readonly<Record<string, string>> = {
  pst: 'America/Los_Angeles',
  pdt: 'America/Los_Angeles',
  pt: 'America/Los_Angeles',
  ct: 'America/Chicago',
  cst: 'America/Chicago',
  cdt: 'America/Chicago',
  mdt: 'America/Denver',
  edt: 'America/New_York',
  et: 'America/New_York',
  eastern: 'America/New_York',
  pacific: 'America/Los_Angeles',
  cest: 'Europe/Berlin',
  bst: 'Europe/London',
  mez: 'Europe/Berlin',
  mesz: 'Europe/Berlin',
  ist: 'Asia/Kolkata',
  jst: 'Asia/Tokyo',
};

/** What is expected instead of a text that names no zone: the zone that was probably meant. */
export function expectedZone(text: string): string {
  const meant = nearestZone(text);
  return `expected an IANA time zone such as ${meant ?? 'Europe/Berlin'}`;
}

function nearestZone(text: string): string | null {
  const name = text.trim().toLowerCase().replaceAll(/\s+/g, '_');
  const [, sign, hours] = /^(?:gmt|utc)([+-])0?(\d{1,2})(?::?00)?$/.exec(name) ?? [];
  // The names of the database count westwards.
  if (hours !== undefined) return `Etc/GMT${sign === '+' ? '-' : '+'}${hours}`;
  if (byShortName[name] !== undefined) return byShortName[name];
  const zones = Intl.supportedValuesOf('timeZone');
  const city = zones.find((zone) => zone.toLowerCase() === name || zone.toLowerCase().endsWith(`/${name}`));
  if (city !== undefined) return city;
  const nearest = closest(
    name,
    zones.map((zone) => zone.toLowerCase()),
  );
  return distance(name, nearest) <= 2 ? (zones.find((zone) => zone.toLowerCase() === nearest) ?? null) : null;
}

function canonicalName(text: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
