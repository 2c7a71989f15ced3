/** Tokens of strftime, as date-fns writes them. */
const strftime: Readonly<Record<string, string>> = {
  Y: 'yyyy',
  y: 'yy',
  m: 'MM',
  d: 'dd',
  e: 'd',
  b: 'MMM',
  h: 'MMM',
  B: 'MMMM',
  a: 'EEE',
  A: 'EEEE',
  j: 'DDD',
  H: 'HH',
  I: 'hh',
  M: 'mm',
  S: 'ss',
  f: 'SSSSSS',
  L: 'SSS',
  p: 'a',
  z: 'xx',
  Z: 'xx',
  F: 'yyyy-MM-dd',
  T: 'HH:mm:ss',
  R: 'HH:mm',
  D: 'MM/dd/yy',
  '%': '%',
};

/** Tokens of moment and Java that date-fns writes otherwise. */
const moment: readonly (readonly [RegExp, string])[] = [
  [/Y{3,}|y{3,}|Y(?!Y)|u{4}/g, 'yyyy'],
  [/YY/g, 'yy'],
  [/D{2}/g, 'dd'],
  [/D/g, 'd'],
  [/A/g, 'a'],
  [/ZZ/g, 'xx'],
  [/Z/g, 'xxx'],
  [/T(?=[Hh])/g, "'T'"],
];

/** Parts of the time that layouts of Go show. */
const go: readonly (readonly [string, string])[] = [
  ['2006', 'yyyy'],
  ['January', 'MMMM'],
  ['Jan', 'MMM'],
  ['Monday', 'EEEE'],
  ['Mon', 'EEE'],
  ['15', 'HH'],
  ['01', 'MM'],
  ['02', 'dd'],
  ['03', 'hh'],
  ['04', 'mm'],
  ['05', 'ss'],
  ['PM', 'a'],
  ['-0700', 'xx'],
  ['Z07:00', 'XXX'],
  ['T', "'T'"],
];

/** Words that others use for the named formats. */
const words: Readonly<Record<string, string>> = {
  unix: 'epoch_s',
  epoch: 'epoch_s',
  timestamp: 'epoch_s',
  unixtime: 'epoch_s',
  unix_timestamp: 'epoch_s',
  unix_s: 'epoch_s',
  seconds: 'epoch_s',
  x: 'epoch_ms',
  unix_ms: 'epoch_ms',
  milliseconds: 'epoch_ms',
  ms: 'epoch_ms',
  epoch_millis: 'epoch_ms',
  epoch_milliseconds: 'epoch_ms',
  iso: 'iso8601',
  iso_8601: 'iso8601',
  date: 'iso8601',
  rfc3339: 'iso8601',
  rfc_3339: 'iso8601',
  datetime: 'iso8601',
  isoformat: 'iso8601',
  rfc2822: 'rfc822',
  rfc_2822: 'rfc822',
  rfc_822: 'rfc822',
  rfc1123: 'rfc822',
  http: 'rfc822',
  email: 'rfc822',
};

/**
 * A time format of another tool in Daybook's words; null if it is not known.
 * @param isFormat whether a format can be used
 */
export function translatedFormat(text: string, isFormat: (text: string) => boolean): string | null {
  const word = words[text.toLowerCase().replaceAll(/[\s-]+/g, '_')];
  if (word !== undefined) return word;
  const pattern = patternFor(text);
  if (pattern === text || !isFormat(pattern)) return null;
  // The default also reads it, with any fraction or zone.
  return /^yyyy-MM-dd(?:'T'HH:mm(?::ss(?:\.S+)?)?(?:x+|X+)?)?$/.test(pattern) && /[zZ]$/.test(text)
    ? 'iso8601'
    : pattern;
}

function patternFor(text: string): string {
  if (text.includes('%')) return ofStrftime(text);
  if (/2006|\bJan\b|\b0?1\/0?2\//.test(text))
    return go.reduce((pattern, [from, to]) => pattern.replace(from, to), text);
  const plain = text.replaceAll(/\[([^\]]*)\]/g, "'$1'");
  return moment.reduce((pattern, [from, to]) => replaceOutsideQuotes(pattern, from, to), plain);
}

function ofStrftime(text: string): string {
  const pattern = text.replaceAll(/%[-_0^#]?([A-Za-z%])|([A-Za-z]+)/g, (whole, token: string | undefined, letters) =>
    token === undefined ? `'${String(letters)}'` : (strftime[token] ?? whole),
  );
  return pattern.replaceAll("''", '');
}

function replaceOutsideQuotes(pattern: string, from: RegExp, to: string): string {
  return pattern
    .split(/('[^']*')/)
    .map((part) => (part.startsWith("'") ? part : part.replaceAll(from, to)))
    .join('');
}
