import { statSync } from 'node:fs';

/** Changes with each change of a file. @throws if it is not there */
export function fileVersion(file: string): string {
  const { mtimeNs, size, ino } = statSync(file, { bigint: true });
  return `${mtimeNs}/${size}/${ino}`;
}
