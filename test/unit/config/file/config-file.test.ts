import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openConfigFile, readConfig } from '../../../../src/config/file/config-file.ts';
import { ConfigProblems } from '../../../../src/config/file/problem.ts';
import { lookUpIn } from '../../../../src/config/secrets/references.ts';
import { daybookYaml, http } from '../daybook-yaml.ts';

const nothing = lookUpIn({});
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daybook-config-'));
  path = join(folder, 'daybook.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a configuration whose only source has the name. Names of different length are different sizes of file. */
const write = (name: string, ...lines: string[]) => writeFileSync(path, daybookYaml([http(`name: ${name}`, ...lines)]));
const names = (config: { readonly sources: readonly { readonly name: string }[] }) =>
  config.sources.map((source) => source.name);

describe('readConfig', () => {
  test('of a file that is not there says its path and what to do', () => {
    expect(() => readConfig(path, nothing)).toThrow(ConfigProblems);
    expect(() => readConfig(path, nothing)).toThrow(new RegExp(`${path}.*--config`));
  });

  test('names the file in its problems', () => {
    write('NoName');
    expect(() => readConfig(path, nothing)).toThrow(`${path}:3:11: sources[0].name: `);
  });
});

describe('openConfigFile', () => {
  test('sees an edit', () => {
    write('one');
    const file = openConfigFile(path, nothing);
    expect(names(file.current().config)).toEqual(['one']);
    write('second');
    expect(names(file.lastGood())).toEqual(['one']);
    const { config, broken } = file.current();
    expect(names(config)).toEqual(['second']);
    expect(broken).toBe(null);
    expect(names(file.lastGood())).toEqual(['second']);
  });

  test('sees a file that was put in its place', () => {
    write('one');
    const file = openConfigFile(path, nothing);
    writeFileSync(join(folder, 'next'), daybookYaml([http('name: two')]));
    renameSync(join(folder, 'next'), path);
    expect(names(file.current().config)).toEqual(['two']);
  });

  test('keeps the last good one during a broken edit, and says what is wrong until it is fixed', () => {
    write('one');
    const file = openConfigFile(path, nothing);
    write('one', 'timeout: soon');
    for (const look of [file.current(), file.current()]) {
      expect(names(look.config)).toEqual(['one']);
      expect(look.broken?.problems).toMatchObject([{ path: ['sources', 0, 'timeout'] }]);
    }
    write('fixed');
    expect(file.current()).toMatchObject({ config: { sources: [{ name: 'fixed' }] }, broken: null });
  });

  test('keeps the last good one while the file is gone', () => {
    write('one');
    const file = openConfigFile(path, nothing);
    rmSync(path);
    const { config, broken } = file.current();
    expect(names(config)).toEqual(['one']);
    expect(broken?.message).toContain(path);
    write('back');
    expect(file.current()).toMatchObject({ config: { sources: [{ name: 'back' }] }, broken: null });
  });

  test('is opened only if it is valid, so there is always a configuration', () => {
    expect(() => openConfigFile(path, nothing)).toThrow(new RegExp(`${path}.*--config`));
    write('NoName');
    expect(() => openConfigFile(path, nothing)).toThrow(/sources\[0\]\.name/);
  });

  test('keeps the last good one with any content of a broken edit', () => {
    write('one');
    const file = openConfigFile(path, nothing);
    write('one', 'constructor: 1');
    expect(names(file.current().config)).toEqual(['one']);
    expect(file.current().broken).not.toBeNull();
  });

  test('can be used without a secret, and changes once the secret exists', () => {
    const secret = join(folder, 'secret');
    rmSync(secret, { force: true });
    write('two', 'headers: { Authorization: "${env:TOKEN}" }');
    const file = openConfigFile(path, lookUpIn({ TOKEN_FILE: secret }));
    const { config, broken } = file.current();
    expect(names(config)).toEqual(['two']);
    expect(broken).toBe(null);
    expect(config.unset.map(({ name, problem }) => `${name} ${problem.message}`)).toEqual([
      expect.stringMatching(/^TOKEN TOKEN_FILE: cannot be read/),
    ]);
    expect(file.current().config).toBe(config);
    writeFileSync(secret, 's3cret');
    // The holder of a configuration's secrets has to learn of the new one.
    expect(file.current().config).not.toBe(config);
    expect(file.current()).toMatchObject({ config: { sources: [{ name: 'two' }], unset: [] }, broken: null });
  });
});
