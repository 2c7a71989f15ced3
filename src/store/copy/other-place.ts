import { randomUUID } from 'node:crypto';
import { UsageError } from '../../domain/errors.ts';
import { storePaths } from '../paths/paths.ts';
import type { CopySide } from './copy-side.ts';

/**
 * Refuses a target that is the store itself under another name: a mount, an alias of a bucket or of its server. Only what is written
 * to the one and found in the other shows that. A probe that a kill leaves behind
 * is not copied, and replaced by the next one.
 * @throws UsageError
 */
export async function requireOtherPlace(from: CopySide, to: CopySide): Promise<void> {
  const [probe, mark] = [storePaths.doctorProbe.build({}), randomUUID()];
  await to.blobs.put(probe, mark);
  try {
    const found = await from.blobs.get(probe);
    if (found?.toString() !== mark) return;
  } finally {
    await to.blobs.delete(probe);
  }
  throw new UsageError(
    `store copy: ${to.name} is the same place as ${from.name} under another name, expected two places; there is nothing to copy, and nothing to remove`,
  );
}
