import type { FileFrame } from './file-schema.ts';
import type { Problem } from './problem.ts';

/**
 * What a configuration asks for that this version cannot do yet.
 * @param frame null where it cannot be read
 */
export function notAvailable(frame: FileFrame | null): Problem[] {
  if (!frame) return [];
  const gaps: Problem[] = [];
  if (frame.partitions.retention !== null) gaps.push(gap(['partitions', 'retention'], 'retention'));
  if (frame.partitions.payload_index !== 'immediate') {
    gaps.push(gap(['partitions', 'payload_index'], `payload_index: ${frame.partitions.payload_index}`));
  }
  return gaps;
}

function gap(path: Problem['path'], what: string): Problem {
  return { path, message: `${what} is not available yet` };
}
