import * as z from 'zod';
import { translatedDuration } from '../hints/duration-hint.ts';
import { durationPart, formatDuration, sumOfDuration } from '../../domain/time/duration.ts';

// A configuration is read once or twice: to make code of each schema, zod's default, takes longer than that code saves. All schemas
// of objects need units, so this is set before the first of them is made.
z.config({ jitless: true });

const wholeDuration = new RegExp(`^(?:${durationPart})+$`);

/** Milliseconds of a duration such as `90s`, `1h30m` or `7d`; null if the text is not one. */
export function parseDuration(text: string): number | null {
  if (!wholeDuration.test(text)) return null;
  const total = Math.round(sumOfDuration(text));
  return Number.isSafeInteger(total) ? total : null;
}

const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/** Bytes of a size such as `64MiB`, `512kB` or `1000`; null if the text is not one. */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b)?$/i.exec(text);
  const unit = match ? unitBytes[(match[2] ?? 'b').toLowerCase()] : undefined;
  return unit === undefined ? null : Math.round(Number(match?.[1]) * unit);
}

/** A duration in the file; milliseconds after parsing. */
export function duration(minimumMs = 0, maximumMs: number | null = null) {
  const written = z
    .string({ error: ({ input }) => `${foundOf(input)} ${expectedDuration(input)}` })
    .meta({ title: 'duration' });
  return written.transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== null && ms >= minimumMs && ms <= (maximumMs ?? ms)) return ms;
    const least = formatDuration(minimumMs);
    context.addIssue({
      code: 'custom',
      message:
        ms === null
          ? `found "${text}", ${expectedDuration(text)}`
          : `found "${text}", expected ${maximumMs === null ? `at least ${least}` : `${least} to ${formatDuration(maximumMs)}`}`,
    });
    return z.NEVER;
  });
}

/** A size in the file; bytes after parsing. */
export function byteSize() {
  const written = z.union([z.number(), z.string()], 'expected a size such as 8MiB').meta({ title: 'size' });
  return written.transform((value, context) => {
    const bytes = typeof value === 'number' ? value : parseBytes(value);
    if (bytes !== null && Number.isInteger(bytes) && bytes > 0) return bytes;
    context.addIssue({ code: 'custom', message: `found "${value}", expected a size such as 8MiB` });
    return z.NEVER;
  });
}

function expectedDuration(input: unknown): string {
  if (typeof input === 'number') return `expected its unit, too: ${input}s, ${input}m or ${input}h`;
  const translated = typeof input === 'string' ? translatedDuration(input) : null;
  if (translated !== null && parseDuration(translated) !== null) return `expected ${translated}`;
  const isCron = typeof input === 'string' && /^(?:\S+\s+){4,6}\S+$/.test(input);
  return isCron
    ? `expected a duration such as 5m, or cron: "${input}"`
    : 'expected a duration such as 30s, 5m, 1h or 7d';
}

/** The beginning of a message about a value: what was found, or that there is none. */
export function foundOf(input: unknown): string {
  return input === undefined ? 'is required:' : `found ${JSON.stringify(input)},`;
}
