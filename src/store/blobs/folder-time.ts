import { open, rm } from 'node:fs/promises';
import { temporaryIn } from './temporary-files.ts';

/**
 * What time it is for the file system of a folder, in milliseconds since the epoch: that of a file which is written now. Ages of
 * files are measured by it alone: the clocks of the machines that share the folder may be wrong.
 */
export async function timeOfFolder(folder: string): Promise<number> {
  const path = temporaryIn(folder);
  const file = await open(path, 'wx');
  try {
    await file.write('x');
    await file.datasync();
    return (await file.stat()).mtimeMs;
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
