import type { Compute } from '../../sources/compute/compute.ts';
import { createIdsOf, type IdsOf } from '../../sources/compute/stored-ids.ts';
import { readIdRules, type IdRule } from '../../store/run/id-rules.ts';
import type { JournalFile } from '../../store/journal/journal-file.ts';
import type { JournalRow } from '../../store/journal/read-journal.ts';
import type { Uses } from '../support/dependencies.ts';

/**
 * Gives rows of the journal and of archives the ids that their sources were given since: archives stay unchanged, and a file may
 * come from a backup. Rows that already have their new id keep it.
 */
export class NewIds {
  readonly #rules: ReadonlyMap<string, IdRule>;
  readonly #compute: Compute;

  private constructor(rules: ReadonlyMap<string, IdRule>, compute: Compute) {
    this.#rules = rules;
    this.#compute = compute;
  }

  static async read({ store, compute }: Uses<'store' | 'compute'>, sources: readonly string[]): Promise<NewIds> {
    return new NewIds(await readIdRules(store, sources), compute);
  }

  async of(file: JournalFile, rows: readonly JournalRow[]): Promise<readonly JournalRow[]> {
    let named = rows;
    for (const [source, { id, before }] of this.#rules) {
      if (!rows.some((row) => row.source === source)) continue;
      const isFormer = (row: JournalRow) => row.source === source && wasWrittenBefore(before, file, row);
      named = await withIds(named, isFormer, createIdsOf(this.#compute, source, id));
    }
    return named;
  }
}

async function withIds(
  rows: readonly JournalRow[],
  isFormer: (row: JournalRow) => boolean,
  idsOf: IdsOf,
): Promise<JournalRow[]> {
  const former = rows.filter(isFormer);
  const found = await idsOf(former.map(({ payload }) => payload));
  const ids = new Map(former.map((row, index) => [row, found[index]]));
  return rows.map((row) => {
    const id = ids.get(row);
    return id?.ok === true ? { ...row, sourceId: id.id } : row;
  });
}

/** A sealed day may contain parts from before and after: only a day that had ended counts. */
function wasWrittenBefore(before: string, { kind, ingestedAt }: JournalFile, { createdAt }: JournalRow): boolean {
  switch (kind) {
    case 'archive':
      return Date.parse(createdAt ?? '') < Date.parse(before);
    case 'part':
      return (ingestedAt ?? before) < before;
    case 'sealed':
      return (ingestedAt ?? before) < before.slice(0, 10);
  }
}
