import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HashPages } from '../../../../src/store/tables/hash-pages.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
afterEach(() => void vi.unstubAllEnvs());

function keyOf(text: string): Uint32Array {
  const bytes = hash('sha256', text, 'buffer');
  return new Uint32Array([0, 4, 8, 12].map((offset) => bytes.readUInt32LE(offset)));
}

/** The numbers of the entries of a key, in order. */
function numbersOf(pages: HashPages, key: Uint32Array): number[] {
  const found: number[] = [];
  pages.some(key, ({ numbers }, word) => {
    found.push(numbers[(word + 4) / 2] ?? -1);
    return false;
  });
  return found;
}

function add(pages: HashPages, key: Uint32Array, value: number): void {
  pages.add(key, ({ numbers }, word) => {
    numbers[(word + 4) / 2] = value;
    numbers[(word + 4) / 2 + 1] = -value;
  });
}

describe.each([
  ['all in memory', 1024 * 1024 * 1024, true],
  ['nearly all in a temporary file', 3 * 4096, true],
  ['all in memory, because there can be no file', 3 * 4096, false],
])('HashPages, %s', (_where, memory, hasFolder) => {
  test('find each entry, also many of one key that came first', () => {
    vi.stubEnv('TMPDIR', hasFolder ? folder.path : `${folder.path}/missing`);
    const pages = new HashPages(32, memory);
    const often = keyOf('often');
    for (let n = 0; n < 1_000; n++) add(pages, often, n);
    for (let n = 0; n < 8_000; n++) add(pages, keyOf(String(n)), n);
    for (let n = 1_000; n < 2_000; n++) add(pages, often, n);
    for (let n = 0; n < 8_000; n++) expect(numbersOf(pages, keyOf(String(n)))).toEqual([n]);
    expect(numbersOf(pages, often)).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
    expect(numbersOf(pages, keyOf('another'))).toEqual([]);
    // The file has no name, so nothing is left of it after a kill.
    expect(readdirSync(folder.path)).toEqual([]);
    pages.close();
  });
});
