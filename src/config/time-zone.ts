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
  if (canonical === null || !/^[a-z]/i.test(text)) return 'expected an IANA time zone such as Europe/Berlin';
  const isOtherCase = canonical !== text && canonical.toLowerCase() === text.toLowerCase();
  // Of old names, such as US/Pacific, only the new one is known: each part of theirs begins with a capital.
  const isLowerCase = text.split('/').some((part) => /^[a-z]/.test(part));
  return isOtherCase || isLowerCase ? `expected ${canonical}` : null;
}

function canonicalName(text: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
