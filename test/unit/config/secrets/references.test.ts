import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  findReferences,
  lookUpIn,
  referencedNames,
  resolveReferences,
} from '../../../../src/config/secrets/references.ts';
import { complaints, daybookYaml, http, problemsIn } from '../daybook-yaml.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'daybook-references-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(content: string): string {
  const path = join(folder, `secret-${content.length}`);
  writeFileSync(path, content);
  return path;
}

describe('lookUpIn', () => {
  test('takes NAME, else the content of the file that NAME_FILE names, without line breaks around it', () => {
    expect(lookUpIn({ TOKEN: 'a', TOKEN_FILE: fileWith('b') })('TOKEN')).toBe('a');
    expect(lookUpIn({ TOKEN_FILE: fileWith('s3cret\n') })('TOKEN')).toBe('s3cret');
    expect(lookUpIn({ TOKEN_FILE: fileWith('s3cret\r\n') })('TOKEN')).toBe('s3cret');
    expect(lookUpIn({ TOKEN_FILE: fileWith(' two\nlines\n\n') })('TOKEN')).toBe(' two\nlines');
    expect(lookUpIn({ TOKEN_FILE: fileWith('\r\ns3cret\r\n\r\n') })('TOKEN')).toBe('s3cret');
    expect(lookUpIn({ TOKEN: 's3cret\n' })('TOKEN')).toBe('s3cret');
  });

  test('takes an empty value for a value', () => {
    expect(lookUpIn({ TOKEN: '', TOKEN_FILE: fileWith('b') })('TOKEN')).toBe('');
  });

  test('finds nothing if neither is set', () => {
    const lookUp = lookUpIn({ EMPTY_FILE: '' });
    expect(['TOKEN', 'EMPTY'].map(lookUp)).toEqual([undefined, undefined]);
  });

  test('fails if the file cannot be read, instead of using an empty secret', () => {
    expect(() => lookUpIn({ GONE_FILE: join(folder, 'gone') })('GONE')).toThrow(/GONE_FILE: cannot be read/);
  });

  test('reads the file again each time', () => {
    const path = fileWith('x');
    const lookUp = lookUpIn({ TOKEN_FILE: path });
    lookUp('TOKEN');
    writeFileSync(path, 'rotated');
    expect(lookUp('TOKEN')).toBe('rotated');
  });
});

describe('resolveReferences', () => {
  const lookUp = lookUpIn({ A: 'one', B: '$& $1 ${env:A}', EMPTY: '' });

  test('fills in every reference, once', () => {
    expect(resolveReferences('<${env:A}-${env:A}-${env:EMPTY}>', lookUp)).toBe('<one-one->');
    expect(resolveReferences('${env:B}', lookUp)).toBe('$& $1 ${env:A}');
  });

  test('leaves unset variables, and text that is not a reference', () => {
    expect(resolveReferences('${env:NONE} ${A} $A {env:A}', lookUp)).toBe('${env:NONE} ${A} $A {env:A}');
  });
});

describe('findReferences', () => {
  test('finds references, and misspelt ones, at any depth', () => {
    const value = { a: 'x ${env:ONE} ${env:TWO}', list: [1, { b: '${API}' }], c: null, d: '${env:' };
    expect(findReferences(value)).toEqual([
      { path: ['a'], name: 'ONE', text: '${env:ONE}' },
      { path: ['a'], name: 'TWO', text: '${env:TWO}' },
      { path: ['list', 1, 'b'], name: null, text: '${API}' },
      { path: ['d'], name: null, text: '${env:' },
    ]);
    expect(referencedNames('${env:ONE} ${TWO} ${env:THREE}')).toEqual(['ONE', 'THREE']);
  });
});

describe('a reference in a configuration', () => {
  test('to a variable that is not set is named with its path', () => {
    const text = daybookYaml([http('headers:', '  Authorization: "Bearer ${env:API_TOKEN}"')]);
    expect(problemsIn(text)).toMatchObject([{ path: ['sources', 0, 'headers', 'Authorization'], line: 9 }]);
    expect(complaints(text).join()).toMatch(/API_TOKEN is not set.*API_TOKEN_FILE.*\.env/);
    expect(complaints(text, { API_TOKEN: 't' })).toEqual([]);
  });

  test('in defaults is checked, too', () => {
    const text = daybookYaml([http()], 'defaults: { headers: { X: "${env:GONE}" } }');
    expect(problemsIn(text)).toMatchObject([{ path: ['defaults', 'headers', 'X'], line: 2 }]);
  });

  test.each([
    ['${API_TOKEN}', '${env:API_TOKEN}'],
    ['${env.API_TOKEN}', '${env:API_TOKEN}'],
    ['${ENV:API_TOKEN}', '${env:API_TOKEN}'],
    ['${env:API_TOKEN', '${env:API_TOKEN}'],
    ['${env:}', '${env:NAME}, where NAME has only letters, digits and _'],
    ['${env:API-TOKEN}', '${env:NAME}, where NAME has only letters, digits and _'],
  ])('written as %s gets a message with the right form', (text, expected) => {
    expect(complaints(daybookYaml([http(`params: { key: "${text}" }`)]), { API_TOKEN: 't' })).toEqual([
      `sources.0.params.key: found ${text}, expected ${expected}`,
    ]);
  });

  test('never shows the value of a variable', () => {
    const text = daybookYaml([http('url: "${env:URL}"', 'timeout: "${env:SECRET}"', 'headers: { X: "${env:GONE}" }')]);
    const all = complaints(text, { URL: 'nonsense-hunter22', SECRET: 'hunter22' }).join('\n');
    expect(all).toContain('GONE');
    expect(all).not.toContain('hunter22');
  });
});
