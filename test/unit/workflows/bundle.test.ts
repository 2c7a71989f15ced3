import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const bundle = readFileSync(new URL('../../../dist/workflow-bundle.js', import.meta.url), 'utf8');

test('the workflow bundle holds the workflows, and neither zod nor an adapter', () => {
  expect(bundle).toContain('scrapeRun');
  for (const stranger of [
    'ZodError',
    'unrecognized_keys',
    'undici',
    'csv-stringify',
    'raw_event_keys',
    'jmespath',
    'node:fs',
  ]) {
    expect(bundle.includes(stranger) ? stranger : null).toBeNull();
  }
});
