import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Instance } from '../domain/instance.ts';
import { noSource } from '../domain/names.ts';
import type { Redact } from '../domain/secrets/redact.ts';
import { visibleJson, visibleLines, visibleText } from '../domain/text/visible-text.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: string;
  /** Takes secrets out of every text of a line. */
  readonly redact: Redact;
  /** In each line, if it is not the default one. */
  readonly instance?: Instance;
  /** Takes lines of JSON. @default stderr: JSON, or readable on a terminal */
  readonly write?: (line: string) => void;
}

/**
 * Logs lines of JSON. Messages are constant, what varies is in fields, whose names are written in snake_case; each line has
 * `source`, or `daybook` if it concerns none.
 */
export function createLogger({ level, redact, instance, write = toStderr() }: LoggerOptions): Logger {
  return pino(
    {
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: levelName },
      base: {
        pid: process.pid,
        ...instance?.labelled('instance'),
      },
    },
    { write: (line: string) => write(finished(line, redact)) },
  );
}

function toStderr(): (line: string) => void {
  return process.stderr.isTTY ? toTerminal(2) : (line) => void process.stderr.write(line);
}

/** Writes lines readably, each event on one. Quoted text may come from anywhere, and a terminal would execute its escape sequences. */
export function toTerminal(destination: number | NodeJS.WritableStream): (line: string) => void {
  const layout = {
    errorLikeObjectKeys: [],
    ignore: 'pid,hostname,source',
    messageFormat: '{source}: {msg}',
    singleLine: true,
  };
  const target = pretty({ sync: true, destination, ...layout });
  return (line) => {
    const { msg, ...fields } = JSON.parse(line) as Line;
    target.write(`${JSON.stringify({ ...(clean(fields, visibleLines) as object), msg: visibleText(msg) })}\n`);
  };
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
  return `${visibleJson(JSON.stringify({ level, time, pid, source, ...Object.fromEntries(named), msg: redact(msg) }))}\n`;
}

function clean(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((member) => clean(member, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, clean(member, change)]));
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
