import { resolve } from 'node:path';
import type { FilePlan } from '../../../domain/plan/source-plan.ts';
import type { FileList } from '../places/file-place.ts';
import { literalParentheses, splitPattern } from './pattern.ts';
import { LinkWalk } from './walk-links.ts';

/** The files of this machine that a glob matches. Names that begin with a dot only where the pattern says so. */
export async function listLocalFiles(
  { name, path, followSymlinks }: FilePlan,
  resolvePath: (path: string) => string,
): Promise<FileList> {
  const { prefix, rest } = splitPattern(path);
  const folder = resolve(resolvePath(prefix === '' ? '.' : prefix));
  const walk = await LinkWalk.open({ subject: name, folder, follow: followSymlinks === true });
  // Only a source that has one loads what matches it.
  const { glob } = await import('tinyglobby');
  const found = await glob(literalParentheses(rest), {
    cwd: folder,
    expandDirectories: false,
    fs: { readdir: walk.readdir },
  });
  const paths: string[] = [];
  const dangling: string[] = [];
  for (const file of found.sort()) {
    const verdict = await walk.judge(file);
    if (verdict === 'read') paths.push(prefix + file);
    if (verdict === 'leads nowhere') dangling.push(prefix + file);
  }
  return { paths, errors: walk.errors, dangling };
}
