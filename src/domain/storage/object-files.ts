/** What a bucket says of an object. */
export interface ObjectStamp {
  readonly size: number;
  /** Another one where its content is another. */
  readonly etag: string;
}

/** Objects of buckets as files, by their URLs (`s3://bucket/key`). */
export interface ObjectFiles {
  /** @throws an error with the code `ENOENT` if there is none; SourceUnavailable, SourceRefused */
  stamp(url: string): Promise<ObjectStamp>;
  /** So many bytes from a position on, fewer at the end. Throws as {@link stamp}. */
  read(url: string, start: number, length: number): Promise<Uint8Array>;
  /** The bytes from a position on. Throws as {@link stamp}. @param end the position behind the last one; null = all */
  stream(url: string, start: number, end: number | null): AsyncIterable<Uint8Array>;
  /** The objects whose URL begins so, in order; those with a further `/` only if `isDeep`. @throws SourceUnavailable, SourceRefused */
  list(prefix: string, isDeep: boolean): AsyncIterable<ObjectStamp & { readonly url: string }>;
}

const scheme = 's3://';

/** Whether a path is that of an object. */
export function isObjectUrl(path: string): boolean {
  return path.startsWith(scheme);
}

/** The bucket and the key of an object; null if the URL has no bucket. */
export function splitObjectUrl(url: string): { readonly bucket: string; readonly key: string } | null {
  const [, bucket = '', key = ''] = /^s3:\/\/([a-z\d][a-z\d.-]{1,61}[a-z\d])(?:\/(.*))?$/s.exec(url) ?? [];
  return bucket === '' ? null : { bucket, key };
}
