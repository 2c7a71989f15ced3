import { randomUUID } from 'node:crypto';
import { temporaryPath } from '../paths/paths.ts';

/** A name for what is not whole yet, beside where it will be. */
export function temporaryIn(folder: string): string {
  return temporaryPath.build({ folder, name: randomUUID() });
}
