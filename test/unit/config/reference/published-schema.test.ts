import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { publishedSchema, publishedSchemaFile } from '../../../../src/config/reference/published-schema.ts';
import { sourcesReference, sourcesReferenceFile } from '../../../../src/config/reference/sources-reference.ts';
import { daybookYaml, file, http } from '../daybook-yaml.ts';

const validate = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(publishedSchemaFile, 'utf8')) as object);
const fits = (text: string) => validate(parseYaml(text));

test('the published schema is the one that check uses (npm run schema writes it)', () => {
  expect(JSON.parse(readFileSync(publishedSchemaFile, 'utf8'))).toEqual(JSON.parse(JSON.stringify(publishedSchema())));
});

test('the reference of sources is written from the same', () => {
  expect(readFileSync(sourcesReferenceFile, 'utf8')).toBe(sourcesReference());
});

test('defaults in the published schema can be written in the file unchanged', () => {
  const defaults: unknown[] = [];
  JSON.parse(JSON.stringify(publishedSchema()), (_key, node: { title?: string; default?: unknown } | null) => {
    if ((node?.title === 'duration' || node?.title === 'size') && 'default' in node) defaults.push(node.default);
    return node;
  });
  expect(defaults).toContain('64MiB');
  expect(defaults.filter((value) => typeof value !== 'string')).toEqual([]);
});

describe('the published schema', () => {
  test.each(['examples/live.yaml', 'examples/module/daybook.yaml'])('takes %s', (path) => {
    expect(fits(readFileSync(path, 'utf8'))).toBe(true);
    expect(validate.errors).toBe(null);
  });

  test.each([
    ['sources of several kinds', daybookYaml([http(), file()])],
    [
      'what sources inherit',
      'version: 1\ndefaults: { type: rss, allow_private: true }\nsources: [{ name: a, url: b }]',
    ],
    ['short forms', daybookYaml([http('paginator: { type: offset, limit: 5 }', 'schedule: { every: 5m }')])],
    ['a reference', daybookYaml([http('headers: { X-Key: "${env:KEY}" }')])],
  ])('takes %s', (_what, text) => {
    expect(fits(text)).toBe(true);
    expect(validate.errors).toBe(null);
  });

  test.each([
    ['an unknown key', daybookYaml([http('urll: x')])],
    ['an unknown type', daybookYaml([http('type: ftp')])],
    ['a wrong version', 'version: 2\nsources: [{ name: a, type: rss, url: b }]'],
    ['no sources', 'version: 1'],
    ['a number as a list', daybookYaml([http('on_response: 5')])],
  ])('refuses %s', (_what, text) => {
    expect(fits(text)).toBe(false);
  });
});
