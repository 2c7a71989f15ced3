const dayMs = 86_400_000;
const week = /^(\d{4})-?W(\d{2})(?:-?([1-7]))?(?=T|$)/;
const dayOfYear = /^(\d{4})-(\d{3})(?=T|$)/;

/** The weeks and days of the year of ISO 8601 (`2026-W02-1`, `2026-005`) as days of a month; another text as it is. */
export function daysOfWeek(text: string): string {
  const [found, year, number, day = '1'] = week.exec(text) ?? [];
  if (found !== undefined) {
    // 4 January lies in the first week, which begins with a Monday.
    const fourth = Date.UTC(Number(year), 0, 4);
    const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * dayMs;
    const isWeek = Number(number) >= 1 && Number(number) <= 53;
    return isWeek
      ? dateOf(monday + ((Number(number) - 1) * 7 + Number(day) - 1) * dayMs) + text.slice(found.length)
      : text;
  }
  const [whole, ofYear, count] = dayOfYear.exec(text) ?? [];
  if (whole === undefined) return text;
  const date = dateOf(Date.UTC(Number(ofYear), 0, Number(count)));
  return date.startsWith(`${ofYear}-`) ? date + text.slice(whole.length) : text;
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
