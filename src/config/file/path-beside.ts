import { dirname, resolve } from 'node:path';
import { isObjectUrl } from '../../domain/storage/object-files.ts';

/** A path of a configuration, absolute: it is relative to the file. That of an object is its URL. */
export function pathBeside(configFile: string, path: string): string {
  return isObjectUrl(path) ? path : resolve(dirname(configFile), path);
}
