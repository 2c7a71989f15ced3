import { dirname, resolve } from 'node:path';
import { findSource } from '../../../config/file/find-source.ts';
import type { Config } from '../../../config/file/parse-config.ts';
import { planOf } from '../../../config/plan/plan.ts';
import { withMaskKey } from '../../../config/secrets/secrets.ts';
import type { DeadLetter } from '../../../domain/dead-letters/dead-letter.ts';
import { createThreadCompute } from '../../../sources/compute/thread-compute.ts';
import type { ReplayOutcome } from '../../../sources/extraction/replay-dead-letter.ts';
import { createSchemaTexts } from '../../../sources/extraction/schema-texts.ts';
import { openReader } from '../../../sources/open-source.ts';
import type { DeadLetterSelection } from '../../options/dead-letter-selection.ts';
import type { Context } from '../../options/context.ts';
import { formatTable, printJson, printLines, printInfo, shorten } from '../../output/output.ts';

/** What a replay would do with each dead letter; stores nothing. */
export async function previewReplay(
  { environment }: Context,
  config: Config,
  chosen: readonly DeadLetterSelection[],
  json: boolean,
): Promise<void> {
  const schemas = createSchemaTexts();
  const compute = createThreadCompute();
  const resolvePath = (path: string) => resolve(dirname(environment.configFile), path);
  const rows: string[][] = [];
  try {
    for (const { source, letters } of chosen) {
      const plan = withMaskKey(planOf(config, findSource(config, source)), environment.lookUp);
      const reader = await openReader(plan, { schemas, compute, resolvePath });
      const { outcomes } = await reader.replay(letters, [], new Date());
      for (const [position, letter] of letters.entries()) {
        const outcome = outcomes[position];
        if (!outcome) continue;
        const [becomes, message] = verdict(outcome);
        if (json) printJson({ id: letter.id, source, reason: letter.reason, becomes, message });
        else rows.push(row(letter, becomes, message));
      }
    }
  } finally {
    await compute.close();
  }
  if (json) return;
  printLines(formatTable(['id', 'source', 'reason', 'becomes', 'message'], rows));
  printInfo('nothing was stored');
}

function row(letter: DeadLetter, becomes: string, message: string | null): string[] {
  return [letter.id.slice(0, 12), letter.source, letter.reason, becomes, shorten(message ?? '', 80)];
}

function verdict(outcome: ReplayOutcome): [becomes: string, message: string | null] {
  switch (outcome.kind) {
    case 'passed':
      return [outcome.records.length === 0 ? 'left out by filter' : 'stored', null];
    case 'refused':
      return [`refused: ${outcome.rejection.reason}`, outcome.rejection.message];
    case 'queued':
      return ['requested by the next run', null];
    case 'unreplayable':
      return ['cannot be replayed', outcome.why];
  }
}
