import type { FileFrame } from './file-schema.ts';
import type { Problem } from './problem.ts';

/**
 * What a configuration asks for that this version cannot do yet.
 * @param frame null where it cannot be read
 */
export function notAvailable(frame: FileFrame | null): Problem[] {
  if (!frame) return [];
  const gaps: Problem[] = [];
  if (frame.csv.retention !== null) gaps.push(gap(['csv', 'retention'], 'retention'));
  if (frame.dead_letters.retention !== null) gaps.push(gap(['dead_letters', 'retention'], 'retention'));
  return gaps;
}

function gap(path: Problem['path'], what: string): Problem {
  return { path, message: `${what} is not available yet` };
}
