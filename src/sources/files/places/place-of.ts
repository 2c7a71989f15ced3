import { isObjectUrl, type ObjectFiles } from '../../../domain/storage/object-files.ts';
import { bucketPlace } from './bucket-place.ts';
import type { FilePlace } from './file-place.ts';
import { localPlace } from './local-place.ts';

/** Where a path leads. @param objects how buckets are read; null = not at all */
export function placeOf(path: string, objects: ObjectFiles | null | undefined): FilePlace {
  if (!isObjectUrl(path)) return localPlace;
  if (!objects) throw new TypeError(`${path} is in a bucket, which is not read here`);
  return bucketPlace(objects);
}
