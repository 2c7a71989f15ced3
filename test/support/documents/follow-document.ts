import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../temporary-folder.ts';
import { stepsOf } from './document-blocks.ts';
import { DocRunner } from './doc-runner.ts';

/** Defines tests that follow a document, one a step, in a clone of its own. */
export function followDocument(name: string): void {
  describe(`the commands of ${name} work`, () => {
    let folder: string;
    let docRunner: DocRunner;
    let isLost = false;

    beforeAll(() => {
      folder = temporaryFolder();
      docRunner = new DocRunner(folder);
    });
    afterAll(async () => {
      await docRunner?.leave();
      rmSync(folder, { recursive: true, force: true });
    });

    const named = stepsOf(readFileSync(name, 'utf8')).map((step) => ({
      name: `${step.does} ${'file' in step ? step.file : step.commands}`,
      step,
    }));
    test.for(named)('line $step.line: $name', { timeout: 180_000 }, async ({ step }, { skip }) => {
      skip(isLost, 'a step before it failed');
      isLost = true;
      await expect(docRunner.do(step)).resolves.toBeUndefined();
      isLost = false;
    });
  });
}
