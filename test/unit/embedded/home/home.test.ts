import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Home } from '../../../../src/embedded/home/home.ts';
import { identify } from '../../../../src/embedded/processes/process-identity.ts';
import { recoverHome } from '../../../../src/embedded/home/recover-home.ts';
import { stopStack } from '../../../../src/embedded/stack.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';

let parent: string;
let folder: string;
let home: Home;
const file = (name = 'stack.json') => join(folder, name);
const mode = (path: string) => statSync(path).mode & 0o777;

beforeEach(() => {
  parent = temporaryFolder();
  folder = join(parent, '.daybook');
  home = new Home(folder);
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** What a power cut or a full disk leaves of a file, and what a user may write into it. */
const damages: [what: string, text: (whole: string) => string][] = [
  ['empty', () => ''],
  ['half', (whole) => whole.slice(0, Math.floor(whole.length / 2))],
  ['of NULs', (whole) => '\0'.repeat(whole.length)],
  ['null', () => 'null'],
  ['a list', () => '[]'],
  ['with other values', () => '{"ports":{"postgres":"x"},"processes":{"worker":7},"password":1}'],
];

describe('stack.json', () => {
  test('is readable for its user only, and a reader does not create a missing home', () => {
    expect(home.password).toBeNull();
    expect(home.ports).toEqual({});
    expect(existsSync(folder)).toBe(false);
    home.makePassword();
    expect(mode(folder)).toBe(0o700);
    expect(mode(file())).toBe(0o600);
  });

  test('of 0.2.0 is read, and what is written can be read by it', () => {
    const old = { ports: { postgres: 5433 }, processes: { worker: { pid: 1, startedAt: '7' } }, password: 'kept' };
    mkdirSync(folder);
    writeFileSync(file(), JSON.stringify(old));
    expect(home.ports).toEqual(old.ports);
    expect(home.processes).toEqual(old.processes);
    expect(home.password).toBe('kept');
    home.rememberPort('temporal', 7233);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({
      ...old,
      ports: { postgres: 5433, temporal: 7233 },
    });
  });

  test.each(damages)('that is %s is named, and replaced only by facts that were found', (_, text) => {
    home.rememberPort('postgres', 5433);
    home.rememberPassword('secret');
    const damaged = text(readFileSync(file(), 'utf8'));
    writeFileSync(file(), damaged);
    const later = new Home(folder);
    expect(later.damage).toMatch(/^it (?:is|holds) /);
    expect(later.ports).toEqual({});
    expect(later.password).toBe(null);
    expect(readFileSync(file(), 'utf8')).toBe(damaged);
    const said: string[] = [];
    recoverHome(later, (message) => said.push(message));
    expect(said).toEqual([expect.stringContaining('stack.json is damaged (it ')]);
    expect(later).toMatchObject({ damage: null, password: null });
    expect(readFileSync(file('stack.json.damaged'), 'utf8')).toBe(damaged);
  });

  test.each(damages)('that is %s is written again by the process that has the home', (_, text) => {
    home.lock();
    home.rememberPort('postgres', 5433);
    home.rememberPassword('secret');
    expect(home.keep()).toEqual([]);
    for (const name of ['stack.json', 'lock.json']) writeFileSync(file(name), text(readFileSync(file(name), 'utf8')));
    expect(home.keep()).toEqual(['stack.json', 'lock.json']);
    const other = new Home(folder);
    expect(other.ports).toEqual({ postgres: 5433 });
    expect(other.password).toBe('secret');
    expect(JSON.parse(readFileSync(file('lock.json'), 'utf8'))).toMatchObject(identify(process.pid));
    home.unlock();
  });

  test('that is empty is written again, and nothing is forgotten meanwhile', () => {
    home.lock();
    home.rememberPassword('secret');
    home.rememberProcess('worker', process.pid);
    writeFileSync(file(), '{}');
    expect(home.password).toBe('secret');
    expect(home.isRunning('worker')).toBe(true);
    expect(home.keep()).toEqual(['stack.json']);
    expect(home.keep()).toEqual([]);
    expect(new Home(folder).isRunning('worker')).toBe(true);
    home.unlock();
  });

  test.each([
    ['{}', 'is damaged (empty)'],
    ['{"ports":{},"processes":{},"password":""}', 'is damaged (empty)'],
    [null, 'is missing'],
  ])('of a home with data that is %j is named too', (text, problem) => {
    mkdirSync(folder);
    const said: string[] = [];
    if (text !== null) writeFileSync(file(), text);
    recoverHome(home, (message) => said.push(message));
    expect(said).toEqual([]);
    writeFileSync(file('temporal.db'), '');
    recoverHome(home, (message) => said.push(message));
    expect(said).toEqual([`${file()} ${problem}; recovered no running process`]);
    expect(readFileSync(file(), 'utf8')).toContain('"ports"');
  });

  test('that a kill left half written beside is swept by the next start', () => {
    mkdirSync(folder);
    writeFileSync(file('stack.json.99999'), '{"ports"');
    writeFileSync(file('lock.json.99999'), '');
    home.lock();
    expect(readdirSync(folder)).toEqual(['lock.json']);
    home.unlock();
  });
});

describe('the parts of a home that damage has made unknown', () => {
  test('are found by their command lines, and not those of another home', async () => {
    const pretend = (at: string) =>
      spawn(
        process.execPath,
        [
          '-e',
          'setInterval(() => {}, 1000)',
          'x',
          '--port',
          '7301',
          '--ui-port',
          '8301',
          '--db-filename',
          join(at, 'temporal.db'),
        ],
        { stdio: 'ignore' },
      );
    const own = pretend(folder);
    const foreign = pretend(join(parent, '.daybook-2'));
    try {
      mkdirSync(folder);
      writeFileSync(file(), '{"po');
      await until('it is seen', () => {
        recoverHome(home, () => {});
        return home.isRunning('temporal');
      });
      expect(home.processes).toEqual({ temporal: identify(own.pid ?? 0) });
      expect(home.ports).toEqual({ temporal: 7301, temporalUi: 8301 });
    } finally {
      own.kill('SIGKILL');
      foreign.kill('SIGKILL');
    }
  });
});

test('all parts are stopped although the home cannot be written any more', async () => {
  const parts = ['worker', 'postgres'] as const;
  const children = parts.map((part) => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    home.rememberProcess(part, child.pid ?? 0);
    return child;
  });
  try {
    rmSync(file());
    mkdirSync(file());
    await expect(stopStack(home)).rejects.toThrow(/stack\.json/);
    expect(parts.filter((part) => home.isRunning(part))).toEqual([]);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
});

const deadHolder = JSON.stringify({ pid: 999_999_999, startedAt: '1' });

/** What a start leaves that is killed while it takes the home of a dead process. */
function leaveTakeover(text: string): void {
  writeFileSync(file('lock.json.takeover-1'), text);
}

describe('the lock', () => {
  test('of a process that lives is respected, that of a dead one is not', () => {
    mkdirSync(folder);
    writeFileSync(file('lock.json'), JSON.stringify(identify(process.ppid)));
    expect(() => home.lock()).toThrow(/a stack already runs in .* \(process \d+\); stop it/);
    writeFileSync(file('lock.json'), JSON.stringify({ pid: process.ppid, startedAt: 'before' }));
    home.lock();
    expect(JSON.parse(readFileSync(file('lock.json'), 'utf8'))).toMatchObject(identify(process.pid));
    home.unlock();
    expect(existsSync(file('lock.json'))).toBe(false);
  });

  test.each([
    ['', deadHolder],
    [' and the power was cut', ''],
  ])('is taken from a dead process although a start was killed while it did so%s', (_, text) => {
    mkdirSync(folder);
    writeFileSync(file('lock.json'), deadHolder);
    leaveTakeover(text);
    home.lock();
    expect(JSON.parse(readFileSync(file('lock.json'), 'utf8'))).toMatchObject(identify(process.pid));
    expect(readdirSync(folder)).toEqual(['lock.json']);
    home.unlock();
  });

  test('is left alone while another start is taking it from a dead process', () => {
    mkdirSync(folder);
    writeFileSync(file('lock.json'), deadHolder);
    leaveTakeover(JSON.stringify(identify(process.ppid)));
    expect(() => home.lock()).toThrow(/another process is starting a stack in .* try again in a moment/);
    expect(readFileSync(file('lock.json'), 'utf8')).toBe(deadHolder);
  });

  test.each(['nothing', 'a takeover half done'])(
    'is taken by one of many that try at the same moment and find %s',
    async (found) => {
      mkdirSync(folder);
      writeFileSync(file('lock.json'), deadHolder);
      if (found !== 'nothing') leaveTakeover(deadHolder);
      const module = new URL('../../../../dist/embedded/home/home.js', import.meta.url).href;
      const program = `
      import { once } from 'node:events';
      import { Home } from ${JSON.stringify(module)};
      const home = new Home(${JSON.stringify(folder)});
      console.log('ready');
      const [at] = await once(process.stdin, 'data');
      while (Date.now() < Number(at));
      try { home.lock(); console.log('taken'); } catch (error) { console.log(error.type ?? error.stack); }
      // It lives until all have tried.
      await once(process.stdin, 'end');`;
      const starts = Array.from({ length: 8 }, () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
      });
      const nextLines = () => Promise.all(starts.map(async ({ lines }) => String((await lines.next()).value)));
      expect(await nextLines()).toEqual(Array<string>(8).fill('ready'));
      const at = String(Date.now() + 100);
      for (const { child } of starts) child.stdin.write(at);
      const outputs = await nextLines();
      for (const { child } of starts) child.stdin.end();
      await Promise.all(starts.map(async ({ child }) => once(child, 'close')));
      expect(outputs.sort()).toEqual([...Array<string>(7).fill('AlreadyRunning'), 'taken']);
    },
  );
});

describe('files that earlier versions left readable for others', () => {
  test('are closed to others when a start takes the home; links and foreign files stay', () => {
    const logs = join(folder, 'logs');
    mkdirSync(logs, { recursive: true });
    const files = [file(), file('temporal.db'), file('temporal.db-wal'), join(logs, 'worker.log')];
    for (const name of files) writeFileSync(name, name === file() ? '{}' : '');
    const others = [join(parent, 'data.csv'), file('notes.txt')];
    for (const name of others) writeFileSync(name, '');
    for (const path of [...files, ...others]) chmodSync(path, 0o644);
    for (const path of [folder, logs]) chmodSync(path, 0o755);
    home.lock();
    home.unlock();
    expect([folder, logs].map(mode)).toEqual([0o700, 0o700]);
    expect(files.map(mode)).toEqual(files.map(() => 0o600));
    expect(others.map(mode)).toEqual([0o644, 0o644]);
  });
});

describe('a copy of a home whose stack runs', () => {
  /** Its parts and its owner are this process and the one that started it: both are alive. */
  function runningHome(): void {
    home.lock();
    home.rememberPort('temporal', 7240);
    home.rememberPassword('secret');
    home.rememberProcess('temporal', process.pid);
  }

  test('has none of its processes and is not locked, but keeps its password', () => {
    runningHome();
    const lock = JSON.parse(readFileSync(file('lock.json'), 'utf8')) as object;
    writeFileSync(file('lock.json'), JSON.stringify({ ...lock, ...identify(process.ppid) }));
    const copy = new Home(join(parent, 'copy'));
    cpSync(folder, copy.folder, { recursive: true });
    expect(home.isRunning('temporal')).toBe(true);
    expect(home.lockHolder()?.pid).toEqual(process.ppid);
    expect(copy.isRunning('temporal')).toBe(false);
    expect(copy.missingParts).toEqual([]);
    expect(copy.lockHolder()).toBe(null);
    expect(copy.password).toBe('secret');
    expect(copy.ports).toEqual({ temporal: 7240 });
    copy.lock();
    copy.rememberProcess('worker', process.pid);
    expect(copy.isRunning('worker')).toBe(true);
    expect(copy.isRunning('temporal')).toBe(false);
  });

  test('is distinguished from a home that was moved, and from one that is reached by a link', () => {
    runningHome();
    symlinkSync(folder, join(parent, 'link'));
    expect(new Home(join(parent, 'link')).isRunning('temporal')).toBe(true);
    renameSync(folder, join(parent, 'moved'));
    expect(new Home(join(parent, 'moved')).isRunning('temporal')).toBe(true);
  });

  test('loses the lock file of the PostgreSQL that runs there; one of its own, or of where it was moved from, stays', () => {
    runningHome();
    mkdirSync(join(folder, 'postgres'));
    const lock = (place: string) => join(place, 'postgres', 'postmaster.pid');
    writeFileSync(lock(folder), `${process.pid}\n${join(folder, 'postgres')}\n1764000000\n5433\n`);
    const copy = new Home(join(parent, 'copy'));
    cpSync(folder, copy.folder, { recursive: true });
    const said: string[] = [];
    for (const one of [home, copy]) recoverHome(one, (message) => said.push(message));
    expect(said).toEqual([
      `${lock(copy.folder)} came with a copy of ${join(folder, 'postgres')}, and no PostgreSQL runs there; the file is removed`,
    ]);
    expect(existsSync(lock(folder))).toBe(true);
    expect(existsSync(lock(copy.folder))).toBe(false);
    renameSync(folder, join(parent, 'moved'));
    recoverHome(new Home(join(parent, 'moved')), (message) => said.push(message));
    expect(said.length).toBe(1);
    expect(existsSync(lock(join(parent, 'moved')))).toBe(true);
  });
});
