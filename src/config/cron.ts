/** The fields of a cron expression as Temporal's schedules take it: bounds, and names where a field has some. */
interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const second: Field = { name: 'second', min: 0, max: 59 };
const fiveFields: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: months },
  { name: 'day of week', min: 0, max: 7, names: weekdays },
];
const year: Field = { name: 'year', min: 2000, max: 2100 };

const shorthands = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/;
const interval = /^@every\s+(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+(?:\/(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)?$/;

/**
 * What is wrong with a cron expression, or null. Five fields (minute, hour, day of month, month, day of week), six (with
 * the year last) or seven (with the second first and the year last), a zone before them, a comment behind them.
 */
export function cronProblem(text: string): string | null {
  const expression = text
    .trim()
    .replace(/^(?:CRON_)?TZ=\S+\s+/, '')
    .replace(/#.*$/, '')
    .trim();
  if (shorthands.test(expression) || interval.test(expression)) return null;
  if (expression.startsWith('@')) return `${expression} is none of @hourly, @daily, @weekly, @monthly, @yearly, @every`;
  const parts = expression === '' ? [] : expression.split(/\s+/);
  const fields = fieldsFor(parts.length);
  if (!fields) return `it has ${parts.length} fields, expected five to seven`;
  for (const [index, field] of fields.entries()) {
    const problem = fieldProblem(parts[index] ?? '', field);
    if (problem !== null) return `${field.name}: ${problem}`;
  }
  return null;
}

function fieldsFor(count: number): readonly Field[] | null {
  switch (count) {
    case 5:
      return fiveFields;
    case 6:
      return [...fiveFields, year];
    case 7:
      return [second, ...fiveFields, year];
    default:
      return null;
  }
}

function fieldProblem(text: string, field: Field): string | null {
  for (const part of text.split(',')) {
    const match = /^(\*|[^-/]+)(?:-([^-/]+))?(?:\/(\d+))?$/.exec(part);
    if (!match) return `"${part}" cannot be read`;
    const [, from = '', to, step] = match;
    if (step !== undefined && Number(step) < 1) return `step ${step} is below 1`;
    if (from === '*' && to === undefined) continue;
    const start = valueOf(from, field);
    const end = to === undefined ? start : valueOf(to, field);
    if (start === null || end === null) return `"${part}" is not between ${field.min} and ${field.max}`;
    if (end < start) return `"${part}" ends before it begins`;
  }
  return null;
}

function valueOf(text: string, { min, max, names }: Field): number | null {
  const named = names?.findIndex((name) => text.toLowerCase().startsWith(name) && text.length >= 3) ?? -1;
  const value = named >= 0 ? named + (min === 1 ? 1 : 0) : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}
