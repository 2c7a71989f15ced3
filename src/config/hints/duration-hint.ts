const units: Readonly<Record<string, string>> = {
  s: 's',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  m: 'm',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  h: 'h',
  hr: 'h',
  hrs: 'h',
  hour: 'h',
  hours: 'h',
  d: 'd',
  day: 'd',
  days: 'd',
  w: 'w',
  week: 'w',
  weeks: 'w',
  ms: 'ms',
  millis: 'ms',
  milliseconds: 'ms',
};
const words: Readonly<Record<string, string>> = {
  minutely: '1m',
  hourly: '1h',
  daily: '1d',
  weekly: '1w',
  nightly: '1d',
};

/** Longer ones, in days: a day is Daybook's longest unit but the week. */
const days: Readonly<Record<string, number>> = { month: 30, months: 30, quarter: 91, year: 365, years: 365, yr: 365 };

/** A duration as another tool or a person writes it, in Daybook's words; null if it is not one. */
export function translatedDuration(text: string): string | null {
  const plain = text
    .trim()
    .toLowerCase()
    .replace(/^every\s+/, '');
  if (words[plain] !== undefined) return words[plain];
  const [, iso] = /^pt?((?:\d+[wdhms]|t)+)$/.exec(plain) ?? [];
  if (iso !== undefined && !/^p\d+m/.test(plain)) return iso.replace('t', '');
  const [isClock, hours = '', minutes = '', seconds = ''] = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(plain) ?? [];
  if (isClock !== undefined) return clock(Number(hours), Number(minutes), Number(seconds));
  const parts = [...plain.matchAll(/(\d+(?:\.\d+)?|an?)?\s*([a-z]+)(?:\s*(?:,|and)?\s*)/gy)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== plain) return null;
  const read = parts.map(([, written = '1', unit = '']) => {
    const amount = /^an?$/.test(written) ? '1' : written;
    const inDays = days[unit];
    return inDays === undefined ? ([amount, units[unit]] as const) : ([String(Number(amount) * inDays), 'd'] as const);
  });
  return read.every(([, unit]) => unit !== undefined)
    ? read.map(([amount, unit]) => `${amount}${unit}`).join('')
    : null;
}

function clock(hours: number, minutes: number, seconds: number): string | null {
  const parts = [
    ...(hours ? [`${hours}h`] : []),
    ...(minutes ? [`${minutes}m`] : []),
    ...(seconds ? [`${seconds}s`] : []),
  ];
  return parts.length === 0 ? null : parts.join('');
}
