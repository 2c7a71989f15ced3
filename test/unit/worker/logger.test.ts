import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { Instance } from '../../../src/domain/instance.ts';
import { createRedactor } from '../../../src/domain/secrets/redact.ts';
import { withoutUrlSecrets } from '../../../src/domain/secrets/url-secrets.ts';
import { PassThrough } from 'node:stream';
import { createLogger, toTerminal, type Logger } from '../../../src/worker/logger.ts';
import { temporalLogger } from '../../../src/worker/runtime.ts';

type Line = Readonly<Record<string, unknown>>;

const secret = 's3cret "value"/+';

/** The lines that something logs, each read as JSON. */
function logged(say: (logger: Logger) => void, secrets: readonly string[] = [secret]): Line[] {
  const lines: Line[] = [];
  const redact = createRedactor(secrets);
  say(
    createLogger({
      level: 'trace',
      redact: (text) => withoutUrlSecrets(redact(text)),
      write: (line) => lines.push(JSON.parse(line) as Line),
    }),
  );
  return lines;
}

describe('a line of the log', () => {
  test('has its level, time, process and message, and names in snake_case', () => {
    expect(logged((log) => log.warn({ source: 'news', sourceId: 'a', durationMs: 7 }, 'Said'))).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        pid: process.pid,
        source: 'news',
        source_id: 'a',
        duration_ms: 7,
        msg: 'Said',
      },
    ]);
  });

  test('names the instance where that has a name', () => {
    const fieldsOf = (name?: string) => {
      const lines: Line[] = [];
      const write = (line: string) => lines.push(JSON.parse(line) as Line);
      createLogger({ level: 'info', redact: String, instance: new Instance(name), write }).info('Said');
      return lines[0];
    };
    expect(fieldsOf('lab')).toMatchObject({ source: 'daybook', instance: 'lab', msg: 'Said' });
    expect(Object.keys(fieldsOf() ?? {})).not.toContain('instance');
  });

  test('that concerns no source says so', () => {
    expect(logged((log) => log.info('Said'))[0]).toMatchObject({ source: 'daybook' });
  });

  test.each<[string, Line]>([
    ['as it is', { error: `found ${secret}` }],
    ['in JSON', { cursor: JSON.stringify({ token: JSON.stringify(secret) }) }],
    ['in base64', { header: `Basic ${Buffer.from(`me:${secret}`).toString('base64')}` }],
    [
      'in an address',
      { url: `https://h/${encodeURIComponent(secret)}?q=${new URLSearchParams({ q: secret }).toString()}` },
    ],
    ['in a list', { list: [{ deep: [secret] }] }],
    ['in a nested error', { error: { message: 'outer', cause: { message: secret } } }],
    ['cut', { error: `begins "${secret.slice(0, 9)}…"` }],
  ])('holds no secret: %s', (_, fields) => {
    const [line] = logged((log) => log.info({ ...fields }, `It was ${secret}`));
    expect(JSON.stringify(line)).not.toMatch(/s3cret/);
    expect(JSON.stringify(line)).not.toContain(Buffer.from(`me:${secret}`).toString('base64').slice(4, 16));
    expect(line?.['msg']).toBe('It was [redacted]');
  });

  test.each([
    ['postgres://me:hunter2@db/x', 'postgres://[redacted]@db/x'],
    ['at https://h/p?page=2&api_key=hunter2&n=1', 'at https://h/p?page=2&api_key=[redacted]&n=1'],
    ['https://h/p?Signature=hunter2', 'https://h/p?Signature=[redacted]'],
    ['https://h/p?keyword=quake', 'https://h/p?keyword=quake'],
    ['me@example.com wrote to https://h/@you', 'me@example.com wrote to https://h/@you'],
  ])('holds no secret that an address has by its place, known or not: %s', (text, expected) => {
    expect(logged((log) => log.info({ text }, 'Said'))[0]).toMatchObject({ text: expected });
  });

  test('stays JSON, with its own time and process, even if a secret looks like them', () => {
    const year = String(new Date().getUTCFullYear());
    const secrets = ['level', 'info', 'source', year, String(process.pid), '"msg"'];
    const [line] = logged((log) => log.info({ source: 'news', count: Number(year) }, `in ${year}`), secrets);
    expect(line).toMatchObject({ level: 'info', source: 'news', pid: process.pid, msg: 'in [redacted]' });
    expect(line?.['time']).toMatch(new RegExp(`^${year}-`));
  });
});

describe("Temporal's lines", () => {
  test('have the same time and field names as all others, without internals', () => {
    const at = new Date('2026-11-01T09:30:00.123Z');
    const [line] = logged((log) =>
      temporalLogger(log).warn('Activity failed', {
        [Symbol.for('log_timestamp')]: BigInt(at.getTime()) * 1_000_000n,
        workflowId: 'w',
        workflowRunId: 'r',
        attempt: 2,
        durationMs: 3,
        taskToken: 't',
        sdkComponent: 'worker',
        error: ApplicationFailure.create({
          type: 'SourceRefused',
          message: `no ${secret}`,
        }),
      }),
    );
    expect(line).toEqual({
      level: 'warn',
      time: at.toISOString(),
      pid: process.pid,
      source: 'daybook',
      msg: 'Activity failed',
      workflow_id: 'w',
      run_id: 'r',
      attempt: 2,
      duration_ms: 3,
      error: 'no [redacted]',
      error_type: 'SourceRefused',
    });
  });
});

describe('what a line quotes from elsewhere', () => {
  const hostile = 'x\u001b[2J\u009b31m\u202eevil\nERROR: forged';

  test('is exactly the same in JSON, with escapes for terminals', () => {
    const written: string[] = [];
    const write = (line: string) => void written.push(line);
    createLogger({ level: 'info', redact: (text) => text, write }).warn({ error: hostile }, hostile);
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ error: hostile, msg: hostile });
    expect(written[0]?.trimEnd()).not.toMatch(/\p{Cc}|\u202e/u);
  });

  test('moves no cursor and forges no line on a terminal', () => {
    const terminal = new PassThrough();
    const write = toTerminal(terminal);
    createLogger({ level: 'info', redact: (text) => text, write }).warn({ error: hostile }, hostile);
    const shown = String(terminal.read());
    expect(shown).toContain('\\u202eevil');
    // Colours of its own aside.
    expect(shown.replaceAll(/\p{Cc}\[\d+m/gu, '')).not.toMatch(/(?!\s)\p{Cc}|\u202e|^ERROR/mu);
  });

  test('is one for each event, with its source before the message', () => {
    const terminal = new PassThrough();
    const write = toTerminal(terminal);
    const log = createLogger({ level: 'info', redact: (text) => text, write });
    log.warn({ source: 'news', error: 'one\ntwo', counts: { fetched: 3 } }, 'Alert');
    log.info('Worker started');
    const lines = String(terminal.read())
      .replaceAll(/\p{Cc}\[\d+m/gu, '')
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/WARN: news: Alert .*"error":"one\\ntwo".*"fetched":3/);
    expect(lines[1]).toMatch(/INFO: daybook: Worker started$/);
  });
});
