import type { FilePlace } from '../../domain/fetch.ts';
import type { SourceState } from '../../domain/state.ts';
import { formatOf } from './file-format.ts';
import { lookAt, stampOf } from './open-file.ts';
import { mayHaveNews, startIn } from './reading-start.ts';
import type { FileToRead } from './record-reader.ts';

/**
 * Where a run over a single file begins; null where it has nothing new.
 * @throws SourceRefused where there is no such file
 */
export async function firstFilePlace({ plan, path }: FileToRead, state: SourceState): Promise<FilePlace | null> {
  const known = state.file ?? undefined;
  const stamp = await stampOf(plan.name, path);
  if (!mayHaveNews(known, stamp)) return null;
  return startIn(plan.path, known, await lookAt(plan.name, path, stamp), formatOf(plan, path));
}
