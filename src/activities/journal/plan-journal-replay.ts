import type { JournalSelection, JournalUnit } from '../../domain/storage/journal.ts';
import { UnknownSource } from '../../domain/errors.ts';
import { filesOf, journalUnits } from '../../store/journal/walk-journal.ts';
import type { Uses } from '../support/dependencies.ts';
import { halfMoved, assertRekeyFinished } from '../run/rekey-guard.ts';

export interface PlanJournalReplayInput {
  readonly choice: JournalSelection;
  /** The unit that was done last; null at the beginning. */
  readonly after: JournalUnit | null;
}

export interface PlannedJournalReplay {
  readonly units: readonly JournalUnit[];
  /** Units behind these. */
  readonly more: number;
  readonly searchAttribute: boolean;
  /** What is left out entirely, and why; reported at the beginning. Absent = nothing. */
  readonly leftOut?: readonly string[];
}

/** Units of one plan: a history holds no more of them at a time. */
const pageSize = 200;

/** What a replay reads next. Safe to repeat because it only reads. */
export function createPlanJournalReplay({
  journal,
  store,
  searchAttribute,
}: Uses<'journal' | 'store' | 'searchAttribute'>) {
  return async function planJournalReplay({ choice, after }: PlanJournalReplayInput): Promise<PlannedJournalReplay> {
    const { source, archives } = choice;
    if (after === null && source !== null && !archives && !(await journal.sources()).includes(source)) {
      throw new UnknownSource(`replay: ${source} has no CSV; it has not been polled yet`);
    }
    if (source !== null) await assertRekeyFinished(store, source);
    const held = await halfMoved(store, source === null ? null : []);
    const all = (await journalUnits(journal, choice)).filter(
      (unit) => unit.kind === 'archive' || !held.has(unit.source),
    );
    const left = after === null ? all : all.filter((unit) => comesAfter(unit, after));
    const units: JournalUnit[] = [];
    let looked = 0;
    while (looked < left.length && units.length < pageSize) {
      const unit = left[looked++];
      // A manifest may show that nothing of the day was requested.
      if (unit && (await filesOf(journal, unit, choice)).length > 0) units.push(unit);
    }
    const leftOut = after === null ? [...held.values()].map(({ message }) => message) : [];
    return {
      units,
      more: left.length - looked,
      searchAttribute: searchAttribute(),
      ...(leftOut.length > 0 ? { leftOut } : {}),
    };
  };
}

/** The order of {@link journalUnits}, even if the earlier unit is gone. */
function comesAfter(unit: JournalUnit, after: JournalUnit): boolean {
  return orderOf(unit) > orderOf(after);
}

function orderOf(unit: JournalUnit): string {
  return unit.kind === 'archive' ? `0 ${unit.day}` : `1 ${unit.source} ${unit.day}`;
}
