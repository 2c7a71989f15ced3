import { hash } from 'node:crypto';
import { csvContent } from './csv.ts';
import type { SpooledRecord } from '../../domain/run/record.ts';

/** What a part of the CSV journal must hold, as its name says. Parts of 0.2.0 do not have it. */
export interface PartCheck {
  readonly rows: number;
  /** How the sha256 of its bytes begins. */
  readonly sha256: string;
}

/** The bytes of a part, and what its name has to say of that. */
export function csvPart(
  source: string,
  records: readonly SpooledRecord[],
): { readonly content: Buffer; readonly check: PartCheck } {
  const content = csvContent(source, records);
  return { content, check: { rows: records.length, sha256: hash('sha256', content, 'hex').slice(0, 16) } };
}

/** The first record of each id, in order: what a part has of a batch. */
export function withoutRepeats(records: readonly SpooledRecord[]): SpooledRecord[] {
  const seen = new Set<string>();
  return records.filter(({ sourceId }) => !seen.has(sourceId) && seen.add(sourceId));
}
