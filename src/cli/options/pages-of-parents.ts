import type { ForEachPlan } from '../../domain/plan/for-each.ts';
import { messageOf } from '../../domain/errors.ts';
import { startPosition } from '../../domain/state/poll.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import type { Chain } from '../../sources/fan-out/chain.ts';
import { copiedFields } from '../../sources/fan-out/copied-fields.ts';
import { openChain, type ChainTools } from '../../sources/fan-out/open-chain.ts';
import { parentFailure } from '../../sources/fan-out/parent-failure.ts';
import type { Page } from '../../sources/extraction/page.ts';
import { firstHttpPosition } from '../../sources/pagination/first-position.ts';
import { readJournal, stopAt } from '../../store/journal/read-journal.ts';
import { openJournal } from './journal-selection.ts';
import type { Context } from './context.ts';
import { printInfo } from '../output/output.ts';

/** Parents that a command requests a source for. */
const maxParents = 20;

/** The pages of the first parents of a source, each with what its records get as `parent`. Nothing is noted as done. */
export async function* pagesOfParents(
  context: Context,
  forEach: ForEachPlan,
  tools: ChainTools,
  state: SourceState,
): AsyncGenerator<Page & { readonly parent?: string }> {
  const { plan } = tools;
  const now = new Date();
  let line = 0;
  for await (const parent of parentsOf(context, forEach)) {
    if (line >= maxParents) return;
    const place = { unit: 'preview', part: '', line: line++ };
    const start = startPosition(firstHttpPosition(plan, state, now), state, now);
    const chain: Chain = { place, parent, state, start, front: null, known: null };
    const copied = copiedFields(plan, parent);
    try {
      for await (const page of openChain(tools, chain, start, null)) {
        yield { ...page, ...(copied === null ? {} : { parent: copied }) };
      }
    } catch (error) {
      if (parentFailure(error) !== 'parent') throw error;
      printInfo(`a parent would become a dead letter (parent_failed): ${messageOf(error)}`);
    }
  }
  if (line === 0 && forEach.type === 'source') {
    printInfo(
      `${forEach.source} has stored no records yet, so there are no parents: run ./daybook run ${forEach.source}`,
    );
  }
}

/** Their JSON texts. */
async function* parentsOf(context: Context, forEach: ForEachPlan): AsyncGenerator<string> {
  if (forEach.type === 'values') {
    for (const value of forEach.values) yield JSON.stringify(value);
    return;
  }
  const journal = openJournal(context);
  for (const day of await journal.days(forEach.source)) {
    const { sealed, parts } = await journal.day(forEach.source, day);
    for (const file of sealed ? [sealed, ...parts] : parts) {
      for await (const rows of readJournal(file, stopAt)) for (const { payload } of rows) yield payload;
    }
  }
}
