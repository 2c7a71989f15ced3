import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { noSource } from '../domain/names.ts';
import type { Redact } from '../domain/redact.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: string;
  /** Takes secrets out of every text of a line. */
  readonly redact: Redact;
  /** Takes lines. @default stderr: JSON, or readable on a terminal */
  readonly write?: (line: string) => void;
}

/**
 * Logs lines of JSON. Messages are constant, what varies is in fields, whose names are written in snake_case; each line bears
 * `source`, `daybook` where it concerns none.
 */
export function createLogger({ level, redact, write = toStderr() }: LoggerOptions): Logger {
  return pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } },
    { write: (line: string) => write(finished(line, redact)) },
  );
}

function toStderr(): (line: string) => void {
  const target = process.stderr.isTTY ? pretty({ sync: true, destination: 2, ignore: 'pid,hostname' }) : process.stderr;
  return (line) => void target.write(line);
}

function levelName(label: string): { level: string } {
  return { level: label };
}

interface Line {
  readonly level: string;
  readonly time: string;
  readonly pid: number;
  readonly source?: string;
  readonly msg: string;
}

/**
 * A secret may look like a part of JSON, or like a time: texts are cleaned one by one. Of two times, the line's own and that
 * of what happened, the second counts.
 */
function finished(line: string, redact: Redact): string {
  const { level, time, pid, source = noSource, msg, ...fields } = JSON.parse(line) as Line;
  const named = Object.entries(fields).map(([name, value]) => [snakeCase(name), clean(value, redact)]);
  return `${JSON.stringify({ level, time, pid, source, ...Object.fromEntries(named), msg: redact(msg) })}\n`;
}

function clean(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((member) => clean(member, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, clean(member, redact)]));
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
