import { dirname, resolve } from 'node:path';
import { findSource } from '../config/find-source.ts';
import type { Config } from '../config/parse-config.ts';
import { planOf } from '../config/plan.ts';
import { DaySet } from '../domain/day-set.ts';
import type { DeadLetter } from '../domain/dead-letter.ts';
import { createLetterReplay, type LetterOutcome } from '../sources/extraction/replay-letter.ts';
import { createSchemaChecks } from '../sources/extraction/schema-checks.ts';
import type { ChosenLetters } from './choose-letters.ts';
import type { Context } from './context.ts';
import { formatTable, print, printJson, say, shorten } from './output.ts';

/** What would become of each dead letter; stores nothing. */
export async function previewReplay(
  { environment }: Context,
  config: Config,
  chosen: readonly ChosenLetters[],
  json: boolean,
): Promise<void> {
  const schemas = createSchemaChecks();
  const rows: string[][] = [];
  for (const { source, letters } of chosen) {
    const plan = planOf(config, findSource(config, source));
    const check = await schemas.of(plan, (path) => resolve(dirname(environment.configFile), path));
    const replay = createLetterReplay(plan, new DaySet(), check);
    for (const letter of letters) {
      const [becomes, message] = verdict(replay(letter, new Date()));
      if (json) printJson({ id: letter.id, source, reason: letter.reason, becomes, message });
      else rows.push(row(letter, becomes, message));
    }
  }
  if (json) return;
  print(formatTable(['id', 'source', 'reason', 'becomes', 'message'], rows));
  say('nothing was stored');
}

function row(letter: DeadLetter, becomes: string, message: string | null): string[] {
  return [letter.id.slice(0, 12), letter.source, letter.reason, becomes, shorten(message ?? '', 80)];
}

function verdict(outcome: LetterOutcome): [becomes: string, message: string | null] {
  switch (outcome.kind) {
    case 'passed':
      return ['stored', null];
    case 'refused':
      return [`refused: ${outcome.rejection.reason}`, outcome.rejection.message];
    case 'unreplayable':
      return ['cannot be replayed', outcome.why];
  }
}
