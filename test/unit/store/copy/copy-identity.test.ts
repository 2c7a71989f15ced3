import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../../../src/domain/errors.ts';
import { copyStore } from '../../../../src/store/copy/copy-store.ts';
import type { CopySide } from '../../../../src/store/copy/copy-side.ts';
import { readIdentity, storeIdentity } from '../../../../src/store/identity.ts';
import { storePaths } from '../../../../src/store/paths/paths.ts';
import { storedKinds } from '../stored-kinds.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';
import { folderSide } from './copy-places.ts';

const temporary = useTemporaryFolder();
const at = (name: string) => join(temporary.path, name);
let origin: CopySide, first: CopySide, second: CopySide;
beforeEach(async () => {
  [origin, first, second] = [folderSide(at('origin')), folderSide(at('first')), folderSide(at('second'))];
  await storedKinds.state.write(origin.blobs);
  await storeIdentity(origin.blobs);
});

const copy = (from: CopySide, to: CopySide, replace = false) =>
  copyStore(from, to, {
    replace,
    signal: new AbortController().signal,
    onProgress: () => {},
    requireNoWorkers: async () => {},
  });
const copyOf = async (side: CopySide) => (await readIdentity(side.blobs))?.copy ?? null;

describe('what tells a copy from its store', () => {
  test('is new in each copy, also in one that goes back to where the store was', async () => {
    await copy(origin, first);
    await copy(origin, second);
    expect(await copyOf(origin)).toBeNull();
    await first.blobs.put(storePaths.pause.build({ source: 'other' }), '{}');
    await copy(first, origin, true);
    const all = [await copyOf(origin), await copyOf(first), await copyOf(second), null];
    expect(new Set(all).size).toBe(4);
  });

  test('stays where a further run finds all files', async () => {
    await copy(origin, first);
    const made = await copyOf(first);
    await copy(origin, first);
    expect(await copyOf(first)).toBe(made);
  });

  test('is new in a target that was made by copying files', async () => {
    await copy(origin, first);
    cpSync(at('first'), at('second'), { recursive: true });
    await copy(first, second);
    expect(await copyOf(second)).not.toBe(await copyOf(first));
  });
});

test.each([false, true])(
  'a target that is the store under another name is refused (--replace: %s)',
  async (replace) => {
    symlinkSync(at('origin'), at('first'));
    const before = temporary.files();
    const identity = await readIdentity(origin.blobs);
    const error = await copy(origin, first, replace).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/first is the same place as \S+origin under/) as string,
    });
    expect(temporary.files()).toEqual(before);
    expect(await readIdentity(origin.blobs)).toEqual(identity);
  },
);
