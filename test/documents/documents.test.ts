import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepsOf } from '../support/documents/document-blocks.ts';
import { DocRunner } from '../support/documents/doc-runner.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const documents = ['README.md', 'docs/tutorial.md'].map((name) => ({
  name,
  steps: stepsOf(readFileSync(name, 'utf8')),
}));

test('few commands are skipped, each for a reason', () => {
  const passedOver = documents.flatMap(({ name, steps }) =>
    steps.flatMap((step) => (step.does === 'pass over' ? [`${name}: ${step.why}`] : [])),
  );
  expect(passedOver).toEqual(['README.md: needs the internet', 'README.md: it would run this test']);
});

describe.each(documents)('the commands of $name work', ({ steps }) => {
  let folder: string;
  let docRunner: DocRunner;
  let isLost = false;

  beforeAll(() => {
    folder = temporaryFolder();
    docRunner = new DocRunner(folder);
  });
  afterAll(async () => {
    await docRunner.leave();
    rmSync(folder, { recursive: true, force: true });
  });

  const named = steps.map((step) => ({ name: `${step.does} ${'file' in step ? step.file : step.commands}`, step }));
  test.for(named)('line $step.line: $name', { timeout: 180_000 }, async ({ step }, { skip }) => {
    skip(isLost, 'a step before it failed');
    isLost = true;
    await expect(docRunner.do(step)).resolves.toBeUndefined();
    isLost = false;
  });
});
