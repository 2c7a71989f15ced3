import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

interface LastLook {
  isUnchanged(options: { development: boolean }): boolean;
  startLook(): { text: string };
  rememberLook(look: { text: string }, options: { development: boolean }): void;
}

const scripts = fileURLToPath(new URL('../../../scripts', import.meta.url));
const anHourAgo = new Date(Date.now() - 3_600_000);
/** Makes the copied scripts modules. */
const original = '{"type":"module"}';
const forUse = { development: false };

let folder: string;
let lastLook: LastLook;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'last-look-'));
  for (const name of ['build-inputs.js', 'last-look.js']) cpSync(join(scripts, name), join(folder, 'scripts', name));
  for (const name of ['src/cli', 'dist', 'node_modules']) mkdirSync(join(folder, name), { recursive: true });
  const files = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'src/cli/main.ts'];
  for (const name of [...files, 'dist/.built-from', 'node_modules/.package-lock.json']) write(name, original);
  for (const name of ['build-inputs.js', 'last-look.js'])
    utimesSync(join(folder, 'scripts', name), anHourAgo, anHourAgo);
  lastLook = (await import(pathToFileURL(join(folder, 'scripts', 'last-look.js')).href)) as LastLook;
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string, at = anHourAgo): void {
  writeFileSync(join(folder, name), text);
  utimesSync(join(folder, name), at, at);
}

function remember(): void {
  lastLook.rememberLook(lastLook.startLook(), forUse);
}

test('a start after one that found everything in order reads no contents', () => {
  expect(lastLook.isUnchanged(forUse)).toBe(false);
  remember();
  expect(lastLook.isUnchanged(forUse)).toBe(true);
  // Packages for tests may be missing.
  expect(lastLook.isUnchanged({ development: true })).toBe(false);
});

test.each(['src/cli/main.ts', 'package.json', 'dist/.built-from', 'node_modules/.package-lock.json'])(
  'a change of %s is noticed by its size or its time',
  (name) => {
    remember();
    write(name, 'three');
    expect(lastLook.isUnchanged(forUse)).toBe(false);
    write(name, original);
    expect(lastLook.isUnchanged(forUse)).toBe(true);
    write(name, 'two', new Date());
    expect(lastLook.isUnchanged(forUse)).toBe(false);
  },
);

test('a new and a removed file are noticed', () => {
  remember();
  write('src/new.ts', 'new');
  expect(lastLook.isUnchanged(forUse)).toBe(false);
  rmSync(join(folder, 'src', 'new.ts'));
  expect(lastLook.isUnchanged(forUse)).toBe(true);
  rmSync(join(folder, 'src', 'cli', 'main.ts'));
  expect(lastLook.isUnchanged(forUse)).toBe(false);
});

test('a look is not remembered while a file may change again within the second of its last change', () => {
  remember();
  write('src/cli/main.ts', 'two', new Date());
  remember();
  expect(lastLook.isUnchanged(forUse)).toBe(false);
});
