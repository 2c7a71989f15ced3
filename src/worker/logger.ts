import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Redact } from '../domain/redact.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: string;
  /** Takes secrets out of every line. */
  readonly redact: Redact;
}

/** Logs to stderr: JSON lines, or readable ones on a terminal. Messages are constant, what varies is in fields. */
export function createLogger({ level, redact }: LoggerOptions): Logger {
  const target = process.stderr.isTTY ? pretty({ sync: true, destination: 2, ignore: 'pid,hostname' }) : process.stderr;
  return pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } },
    { write: (line: string) => void target.write(redact(line)) },
  );
}

function levelName(label: string): { level: string } {
  return { level: label };
}
