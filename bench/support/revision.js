// Another revision of the product, in a worktree that is removed at the end.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ownRoot = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Checks a revision out and builds it.
 * @param name a commit, tag or branch
 * @returns the checkout, and how to remove it
 */
export function checkOut(name, say) {
  const commit = git('rev-parse', '--short', `${name}^{commit}`).trim();
  const folder = mkdtempSync(join(tmpdir(), 'daybook-revision-'));
  const root = join(folder, 'daybook');
  const remove = () => {
    git('worktree', 'remove', '--force', root);
    rmSync(folder, { recursive: true, force: true });
  };
  say(`building ${name} (${commit}) …`);
  git('worktree', 'add', '--detach', root, commit);
  try {
    // Hard links: no second installation where the packages are the same.
    if (hasSamePackages(root)) execFileSync('cp', ['-al', join(ownRoot, 'node_modules'), root]);
    // Its launcher installs and builds what is missing.
    execFileSync(process.execPath, [join(root, 'daybook'), '--version'], { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch (error) {
    remove();
    throw error;
  }
  return { name, commit, root, remove };
}

/** The revision that this file is of. */
export function ownRevision() {
  const isChanged = git('status', '--porcelain', '--untracked-files=no').trim() !== '';
  return `${git('rev-parse', '--short', 'HEAD').trim()}${isChanged ? '+' : ''}`;
}

function hasSamePackages(root) {
  const lock = (folder) => readFileSync(join(folder, 'package-lock.json'), 'utf8');
  return process.platform === 'linux' && lock(root) === lock(ownRoot);
}

function git(...args) {
  return execFileSync('git', args, { cwd: ownRoot, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
