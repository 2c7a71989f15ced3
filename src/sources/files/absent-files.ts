import { stat } from 'node:fs/promises';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { isGlob, listFiles } from './glob/list-files.ts';

/** Warns of a file source whose path matches no file: it may be misspelt, or the files arrive later. */
export async function absentFileWarnings(
  plan: SourcePlan,
  resolvePath: (path: string) => string,
): Promise<readonly Warning[]> {
  if (plan.type !== 'file' || plan.path.includes('${')) return [];
  const isThere = isGlob(plan.path)
    ? await listFiles(plan, resolvePath).then(
        ({ paths }) => paths.length > 0,
        () => false,
      )
    : await stat(resolvePath(plan.path)).then(
        () => true,
        () => false,
      );
  if (isThere) return [];
  const message = `path "${plan.path}" matches no file; ${whereItLeads(plan.path, resolvePath)}`;
  return [{ code: 'no_files', message, count: 1 }];
}

function whereItLeads(path: string, resolvePath: (path: string) => string): string {
  if (/^https?:/.test(path))
    return 'files must be on this machine; use url with http_json, rss or html for a web address';
  if (path.startsWith('~')) return '~ works only in a shell: write the full path';
  return `it is relative to the configuration, so it means ${resolvePath(path)}`;
}
