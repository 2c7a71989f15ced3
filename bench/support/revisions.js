// The revisions that a bench compares: another one first, where --against names it, then this one.
import { textOf } from './arguments.js';
import { checkOut, ownRevision, ownRoot } from './revision.js';

/** Builds what is missing, and removes it once the measurement has ended. */
export async function withRevisions(args, say, measure) {
  const against = textOf(args, '--against');
  const other = against === null ? null : checkOut(against, say);
  try {
    const own = { name: ownRevision(), root: ownRoot };
    return await measure(other ? [{ name: other.name, root: other.root }, own] : [own]);
  } finally {
    other?.remove();
  }
}
