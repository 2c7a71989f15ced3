import { ExactNumber } from '../../domain/json.ts';
import { parseIso8601, parseRfc822 } from '../../domain/time.ts';

export interface ProposedTime {
  /** JMESPath */
  readonly path: string;
  readonly format: 'iso8601' | 'rfc822' | 'epoch_s' | 'epoch_ms';
}

/** Names of times, those that say when something happened before those that say when it was touched. */
const timeNames = [
  /(?:occurred|published|posted|event|start)[a-z]*[._-]?(?:at|on|time|date)?$/i,
  /^(?:time|timestamp|ts|date|datetime|when)$/i,
  /(?:created|added|inserted|recorded|reported|received)[._-]?(?:at|on|time|date)?$/i,
  /(?:at|on|time|date|timestamp)$/i,
  /(?:updated|modified|changed)/i,
];

/** The field whose values are times in every record, by its name and by what it holds. */
export function proposeTime(fields: ReadonlyMap<string, readonly unknown[]>): ProposedTime | null {
  const times = [...fields].flatMap(([path, values]) => {
    const format = formatOf(values);
    return format === null ? [] : [{ path, format }];
  });
  for (const name of timeNames) {
    const time = times.find(({ path }) => name.test(path.split('.').at(-1)?.replaceAll('"', '') ?? ''));
    if (time) return time;
  }
  // Without a name only what can be nothing else is one.
  return times.find(({ format }) => format === 'iso8601' || format === 'rfc822') ?? null;
}

function formatOf(values: readonly unknown[]): ProposedTime['format'] | null {
  if (values.length === 0) return null;
  if (values.every((value) => typeof value === 'string' && parseIso8601(value).ok)) return 'iso8601';
  if (values.every((value) => typeof value === 'string' && parseRfc822(value).ok)) return 'rfc822';
  const numbers = values.map((value) => (value instanceof ExactNumber ? Number(value.text) : value));
  if (numbers.every((value) => isBetween(value, years(1990) / 1_000, years(2100) / 1_000))) return 'epoch_s';
  return numbers.every((value) => isBetween(value, years(1990), years(2100))) ? 'epoch_ms' : null;
}

function years(year: number): number {
  return Date.UTC(year, 0, 1);
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}
