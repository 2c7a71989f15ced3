import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive, CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** What commands and sources may need, and no server does. */
const secrets = {
  PG_OWNER_PASSWORD: 'owner-secret-1',
  TEMPORAL_API_KEY_FILE: '/nowhere/temporal-secret-2',
  DAYBOOK_ALERT_WEBHOOK: 'http://127.0.0.1:1/webhook-secret-3',
  NEWS_TOKEN: 'news-secret-4',
  AWS_SECRET_ACCESS_KEY: 'aws-secret-5',
  HTTP_PROXY: 'http://me:proxy-secret-6@127.0.0.1:1',
};

let folder: string;
let sandbox: CliSandbox;
let running: RunningDaybook;
const home = (...parts: string[]) => join(folder, '.daybook', 'demo', ...parts);
const stackFile = () => home('stack.json');
const password = () => (JSON.parse(readFileSync(stackFile(), 'utf8')) as { password: string }).password;
const keys = async () => {
  const { stdout, stderr } = await sandbox.run([
    'sql',
    '--demo',
    '--json',
    'select count(*) as keys from raw_event_keys',
  ]);
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { keys: number }).keys;
};
const start = async () => {
  running = sandbox.start(['up', '--demo'], 'demo');
  await running.shows('Ctrl-C stops everything');
};

beforeAll(async () => {
  folder = temporaryFolder();
  sandbox = new CliSandbox(folder, secrets);
  await start();
  await running.shows('wire             ok');
});
afterAll(async () => {
  await running?.killAll();
  rmSync(folder, { recursive: true, force: true });
});

test('servers get none of the secrets of the environment, and the worker all of it', () => {
  const environ = (part: string) => readFileSync(`/proc/${running.parts()[part]}/environ`, 'utf8').split('\0');
  for (const part of ['postgres', 'temporal', 'origin']) {
    const variables = environ(part);
    expect(
      variables.filter((variable) => /secret-\d/.test(variable)),
      part,
    ).toEqual([]);
    expect(variables.filter((variable) => /^(?:PG|TEMPORAL|DAYBOOK)/.test(variable))).toEqual([]);
    expect(variables).toContain(`PATH=${process.env['PATH']}`);
    // Node.js adds the channel to the process that started it.
    const known =
      /^(?:PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TMP|TEMP|XDG_C\w+|NODE_\w+|LD_LIBRARY_PATH)=/;
    expect(variables.filter((variable) => variable !== '' && !known.test(variable))).toEqual([]);
  }
  expect(environ('worker').filter((variable) => /secret-\d/.test(variable))).toHaveLength(Object.keys(secrets).length);
});

test('only its user may read the home, its logs and files with secrets; journal and store follow the umask', () => {
  const mode = (path: string) => statSync(path).mode & 0o777;
  // PostgreSQL's own user passes through, where it is not ours.
  expect([0o700, 0o710]).toContain(mode(home()));
  expect(mode(home('logs'))).toBe(0o700);
  const names = readdirSync(home()).filter((name) => /^(?:stack|lock)\.json|^temporal\.db/.test(name));
  expect(names).toEqual(expect.arrayContaining(['lock.json', 'stack.json', 'temporal.db']));
  for (const name of names) expect(mode(home(name)), name).toBe(0o600);
  for (const name of readdirSync(home('logs'))) expect(mode(home('logs', name)), name).toBe(0o600);
  const others = ~process.umask() & 0o777;
  const parts = readdirSync(home('data', 'csv', 'wire'), { recursive: true, withFileTypes: true });
  const [csv] = parts.filter((entry) => entry.isFile());
  expect(mode(join(csv?.parentPath ?? '', csv?.name ?? ''))).toBe(0o666 & others);
  expect(mode(home('data', 'state'))).toBe(0o777 & others);
});

test('a stack.json that is emptied while the stack runs is written again', async () => {
  const before = readFileSync(stackFile(), 'utf8');
  writeFileSync(stackFile(), '');
  writeFileSync(home('lock.json'), '');
  await running.shows('stack.json was damaged; it is rewritten');
  await until('the lock is there', () => readFileSync(home('lock.json'), 'utf8').includes(String(running.pid)));
  expect(readFileSync(stackFile(), 'utf8')).toBe(before);
  expect(await keys()).toBeGreaterThan(0);
});

const damages: [what: string, text: (whole: string) => string][] = [
  ['half', (whole) => whole.slice(0, whole.length / 2)],
  ['empty', () => ''],
];

test.each(damages)('after a kill, %s: what was left running is found, and the cluster opens again', async (_, text) => {
  const [before, known] = [password(), await keys()];
  process.kill(running.pid, 'SIGKILL');
  const { postgres = 0, temporal = 0 } = running.parts();
  writeFileSync(stackFile(), text(readFileSync(stackFile(), 'utf8')));
  writeFileSync(home('lock.json'), '');
  expect([postgres, temporal].every(isAlive)).toBe(true);
  await start();
  expect(running.output).toContain('stack.json is damaged (');
  expect(running.output).toMatch(
    new RegExp(`running processes: .*temporal \\(process ${temporal}\\), postgres \\(process ${postgres}\\)`),
  );
  expect(running.output).toContain('it is reset, the data does not change');
  expect([postgres, temporal].some(isAlive)).toBe(false);
  expect(password()).not.toBe(before);
  expect(await keys()).toBeGreaterThanOrEqual(known);
});

test('a home whose files a power cut has emptied or removed opens again', async () => {
  const known = await keys();
  await running.killAll();
  rmSync(stackFile());
  for (const file of [home('lock.json'), home('postgres', 'postmaster.pid')]) writeFileSync(file, '');
  await start();
  expect(running.output).toContain('stack.json is missing; recovered no running process');
  expect(running.output).toContain('postmaster.pid was damaged');
  expect(await keys()).toBeGreaterThanOrEqual(known);
});

test('a password that the cluster does not know is set there, and up does not wait for it in vain', async () => {
  const known = await keys();
  expect(await running.stop()).toBe(0);
  writeFileSync(stackFile(), readFileSync(stackFile(), 'utf8').replace(password(), 'of-an-earlier-version'));
  await start();
  expect(running.output).toContain('differs from the one in its home; it is reset');
  expect(password()).toBe('of-an-earlier-version');
  expect(await keys()).toBeGreaterThanOrEqual(known);
  expect(existsSync(home('postgres', 'postmaster.pid'))).toBe(true);
});
