import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/file/parse-config.ts';

const documents = ['README.md', 'docs/sources.md', 'docs/cookbook.md'];
const examples = documents.flatMap((document) => {
  const text = readFileSync(new URL(`../../../${document}`, import.meta.url), 'utf8');
  return [...text.matchAll(/```yaml.*\n(version: 1\n[^]*?)```/g)].map(([, yaml = ''], n) => ({
    document,
    n: n + 1,
    yaml,
  }));
});

describe('configurations in the documents', () => {
  test('exist', () => {
    expect(examples.length).toBeGreaterThan(6);
  });

  test.each(examples)('$document, number $n, is right', ({ yaml }) => {
    const { sources } = parseConfig(yaml, 'examples/module/daybook.yaml', () => 'value');
    expect(sources.length).toBeGreaterThan(0);
  });
});
