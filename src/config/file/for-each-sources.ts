import { isObject } from '../../domain/is-object.ts';
import { closest } from 'fastest-levenshtein';
import type { Problem } from './problem.ts';

/**
 * What is wrong with the names of sources in `for_each`: there is no such source, or it waits for itself.
 * @param entries sources as they are written, with what they inherit
 */
export function forEachSourceProblems(entries: readonly (Readonly<Record<string, unknown>> | null)[]): Problem[] {
  const parents = new Map<string, string>();
  for (const entry of entries) {
    const parent = parentOf(entry);
    if (typeof entry?.['name'] === 'string' && parent !== null) parents.set(entry['name'], parent);
  }
  const names = entries.flatMap((entry) => (typeof entry?.['name'] === 'string' ? [entry['name']] : []));
  return entries.flatMap((entry, index): Problem[] => {
    const [name, parent] = [entry?.['name'], parentOf(entry)];
    if (typeof name !== 'string' || parent === null) return [];
    const path = ['sources', index, 'for_each', 'source'];
    if (!names.includes(parent)) {
      const others = names.filter((one) => one !== name);
      const known = others.length === 0 ? '' : ` such as ${closest(parent, others)}`;
      return [{ path, message: `found "${parent}", which is no source of this file, expected another source${known}` }];
    }
    const cycle = cycleFrom(name, parents);
    if (cycle === null) return [];
    return [{ path, message: `found a circle of sources (${cycle.join(' → ')}), expected none that waits for itself` }];
  });
}

function parentOf(entry: Readonly<Record<string, unknown>> | null): string | null {
  const each = entry?.['for_each'];
  const parent = isObject(each) ? each['source'] : null;
  return typeof parent === 'string' ? parent : null;
}

/** The way back to a source by its parents; null = there is none. */
function cycleFrom(name: string, parents: ReadonlyMap<string, string>): string[] | null {
  const way = [name];
  for (let at = parents.get(name); at !== undefined; at = parents.get(at)) {
    way.push(at);
    if (at === name) return way;
    // It leads into a circle that it is not part of.
    if (way.indexOf(at) < way.length - 1) return null;
  }
  return null;
}
