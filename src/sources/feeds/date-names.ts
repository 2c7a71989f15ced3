/** Languages that public feeds are written in; their names of months and weekdays are those of Unicode's CLDR. */
const languages = (
  'en de de-AT fr es pt it nl da sv nb nn fi is et lv lt pl cs sk sl hr sr sr-Latn bs mk sq bg ro hu el tr az ru uk be kk ' +
  'ca gl eu ga cy af id ms fil sw he ar fa hi bn ta te mr th ka hy vi'
).split(' ');

/** Letters of a month's name that an abbreviation has at least. */
const shortest = 3;

/** Languages that use a name, by what it stands for: a month 1..12, or a weekday from Sunday = 0. */
type Meanings = ReadonlyMap<number, ReadonlySet<string>>;

interface Names {
  readonly months: ReadonlyMap<string, Meanings>;
  /** What is short for a month without being its usual abbreviation. */
  readonly cutMonths: ReadonlyMap<string, Meanings>;
  readonly weekdays: ReadonlyMap<string, Meanings>;
}

/** Made when a feed first names a month that is not English: it takes some 50 ms. */
let names: Names | null = null;

/**
 * The month (1..12) that a word names, whole or shortened, in any of the languages; 0 where it is none, or one in this language
 * and another in that. @param weekday a word beside it, which may tell the language
 */
export function monthOfName(word: string, weekday: string | null): number {
  names ??= readNames();
  const meanings = names.months.get(keyOf(word)) ?? names.cutMonths.get(keyOf(word));
  if (!meanings) return 0;
  const [only, other] = meanings.keys();
  if (only !== undefined && other === undefined) return only;
  const spoken = new Set([...(names.weekdays.get(keyOf(weekday ?? ''))?.values() ?? [])].flatMap((each) => [...each]));
  const fitting = [...meanings].filter(([, users]) => [...users].some((language) => spoken.has(language)));
  return fitting.length === 1 ? (fitting[0]?.[0] ?? 0) : 0;
}

/** Whether a word is a weekday, whole or shortened, in any of the languages, and a month in none. */
export function isWeekday(word: string): boolean {
  names ??= readNames();
  const key = keyOf(word);
  return names.weekdays.has(key) && !names.months.has(key) && !names.cutMonths.has(key);
}

/** The weekdays, from Sunday = 0, that a word may name in any of the languages. */
export function weekdaysOfName(word: string): readonly number[] {
  names ??= readNames();
  return [...(names.weekdays.get(keyOf(word))?.keys() ?? [])];
}

function readNames(): Names {
  const months = new Map<string, Map<number, Set<string>>>();
  const cutMonths = new Map<string, Map<number, Set<string>>>();
  const weekdays = new Map<string, Map<number, Set<string>>>();
  for (const language of languages) {
    const add = (to: typeof months, name: string, meaning: number) => {
      const meanings = to.get(name) ?? new Map<number, Set<string>>();
      to.set(name, meanings);
      meanings.set(meaning, (meanings.get(meaning) ?? new Set()).add(language));
    };
    const ofLanguage = monthsOf(language);
    for (const [month, written] of ofLanguage.entries()) {
      const others = ofLanguage.flatMap((each, other) => (other === month ? [] : each));
      for (const name of written) {
        add(months, name, month + 1);
        for (let length = shortest; length < name.length; length++) {
          const start = name.slice(0, length);
          if (!others.some((other) => other.startsWith(start))) add(cutMonths, start, month + 1);
        }
      }
    }
    for (const [weekday, written] of weekdaysOf(language).entries()) {
      for (const name of written) {
        for (let length = 2; length <= name.length; length++) add(weekdays, name.slice(0, length), weekday);
      }
    }
  }
  return { months, cutMonths, weekdays };
}

/** Names of the twelve months: alone, and as they are after a day. */
function monthsOf(language: string): string[][] {
  const writers = (['long', 'short'] as const).flatMap((month) => [
    writer(language, { month }, 'month'),
    writer(language, { month, day: 'numeric' }, 'month'),
  ]);
  return Array.from({ length: 12 }, (_, month) => namesOf(writers, new Date(Date.UTC(2023, month, 15))));
}

/** 1 January 2023 was a Sunday. */
function weekdaysOf(language: string): string[][] {
  const writers = (['long', 'short'] as const).map((weekday) => writer(language, { weekday }, 'weekday'));
  return Array.from({ length: 7 }, (_, day) => namesOf(writers, new Date(Date.UTC(2023, 0, 1 + day))));
}

type Writer = (date: Date) => string;

function writer(language: string, options: Intl.DateTimeFormatOptions, part: 'month' | 'weekday'): Writer {
  const locale = `${language}-u-ca-gregory-nu-latn`;
  const format = new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' });
  return (date) => format.formatToParts(date).find(({ type }) => type === part)?.value ?? '';
}

/** One word each. */
function namesOf(writers: readonly Writer[], date: Date): string[] {
  const written = writers.map((write) => keyOf(write(date)));
  return [...new Set(written.filter((name) => /^\p{L}[\p{L}\p{M}.]+$/u.test(name)))];
}

/** Without case, accents and a last dot. */
function keyOf(word: string): string {
  return word
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replace(/\.$/, '');
}
