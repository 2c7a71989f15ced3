import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openConfigFile, readConfig } from '../../../../src/config/file/config-file.ts';
import { readEnvironment } from '../../../../src/config/environment/environment.ts';
import { readInstance } from '../../../../src/config/environment/instance.ts';
import { lookUpIn } from '../../../../src/config/secrets/references.ts';
import { daybookYaml, http } from '../daybook-yaml.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daybook-instance-'));
  path = join(folder, 'daybook.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** @param head a line before all others */
const write = (head: string) => writeFileSync(path, `${head}\n${daybookYaml([http()])}`);
const named = (name?: string) => lookUpIn(name === undefined ? {} : { DAYBOOK_INSTANCE: name });

describe('the instance', () => {
  test.each([
    ['nothing', '', undefined, 'daybook'],
    ['an empty variable', '', '', 'daybook'],
    ['the variable', '', 'lab', 'lab'],
    ['the file', 'instance: lab', undefined, 'lab'],
    ['both alike', 'instance: lab', 'lab', 'lab'],
    ['a file that is no YAML otherwise', 'instance: "lab" # ours\nsources: [', undefined, 'lab'],
    ['a file with other mistakes', 'instance: lab\nno_such_key: 1', undefined, 'lab'],
  ])('is set by %s', (_, head, variable, name) => {
    write(head);
    expect(readInstance(path, named(variable)).name).toBe(name);
  });

  test('is set by the variable if there is no file', () => {
    expect(readInstance(path, named('lab')).name).toBe('lab');
    expect(readInstance(path, named()).name).toBe('daybook');
  });

  test('is refused if both set it and differ, by every reader and with the line', () => {
    write('instance: lab');
    const message = 'found "lab", but DAYBOOK_INSTANCE is "daybook"; expected the same name, or only one of them';
    expect(() => readInstance(path, named('daybook'))).toThrow(`${path}: instance: ${message}`);
    expect(() => readConfig(path, named('daybook'))).toThrow(`${path}:1:11: instance: ${message}`);
  });

  test.each(['Lab', 'a.b', 'a_b', 'x'.repeat(31)])('is never called %s', (name) => {
    const expected = /expected 1 to 30 of a-z, 0-9 and -/;
    expect(() => readEnvironment({ config: path }, { DAYBOOK_INSTANCE: name })).toThrow(expected);
    write(`instance: ${name}`);
    expect(() => readInstance(path, named())).toThrow(expected);
    expect(() => readConfig(path, named())).toThrow(expected);
  });

  test('of a process is fixed: a file that names another one is invalid for it until it is changed back', () => {
    write('instance: lab');
    const file = openConfigFile(path, named());
    for (const head of ['instance: other', 'instance: daybook', '']) {
      write(head);
      expect(file.current().broken?.message).toMatch(
        /instance: found ".+", but this process runs as "lab"; restart it/,
      );
      expect(file.current().config.instance).toBe('lab');
    }
    write('instance: lab ');
    expect(file.current().broken).toBeNull();
  });

  test('of a process set by the environment may be written into the file later', () => {
    write('');
    const file = openConfigFile(path, named('lab'));
    write('instance: lab');
    expect(file.current().broken).toBeNull();
  });
});
