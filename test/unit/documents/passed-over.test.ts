import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stepsOf } from '../../support/documents/document-blocks.ts';

test('few commands of the executed documents are skipped, each for a reason', () => {
  const passedOver = ['README.md', 'docs/tutorial.md'].flatMap((name) =>
    stepsOf(readFileSync(name, 'utf8')).flatMap((step) => (step.does === 'pass over' ? [`${name}: ${step.why}`] : [])),
  );
  expect(passedOver).toEqual(['README.md: needs the internet', 'README.md: it would run this test']);
});
