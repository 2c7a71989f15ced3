import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { messageOf } from '../../domain/errors.ts';
import { isObjectUrl, type ObjectFiles } from '../../domain/storage/object-files.ts';
import { isMissing } from './file-error.ts';
import { isGlob } from './glob/pattern.ts';
import { stampOf } from './open-file.ts';
import { placeOf } from './places/place-of.ts';

/** Warns of a file source whose path matches no file: it may be misspelt, or the files arrive later. */
export async function absentFileWarnings(
  plan: SourcePlan,
  resolvePath: (path: string) => string,
  objects: ObjectFiles | null = null,
): Promise<readonly Warning[]> {
  if (plan.type !== 'file' || plan.path.includes('${')) return [];
  const path = resolvePath(plan.path);
  const at = placeOf(path, objects);
  try {
    if (isGlob(plan.path)) {
      const { paths } = await at.list(plan, resolvePath);
      if (paths.length > 0) return [];
    } else {
      await stampOf(plan.name, path, at);
      return [];
    }
  } catch (error) {
    if (isObjectUrl(path) && !isMissing(error)) return [{ code: 'no_files', message: messageOf(error), count: 1 }];
  }
  const message = `path "${plan.path}" matches no file; ${whereItLeads(plan.path, path)}`;
  return [{ code: 'no_files', message, count: 1 }];
}

function whereItLeads(path: string, absolute: string): string {
  if (isObjectUrl(path)) return 'no object of the bucket has such a key';
  if (path.startsWith('~')) return '~ works only in a shell: write the full path';
  return `it is relative to the configuration, so it means ${absolute}`;
}
