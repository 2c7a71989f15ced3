import { dayOfMicros, type Day } from '../../domain/time/day.ts';
import { parseIso8601 } from '../../domain/time/timestamp.ts';
import { UsageError } from '../../domain/errors.ts';

/** The UTC day that `--day` names. @throws UsageError */
export function parseDay(text: string): Day {
  const time = parseIso8601(text);
  if (!time.ok) throw new UsageError(`--day: found "${text}": ${time.why}`);
  return dayOfMicros(time.micros);
}
