import { isRemoteFile } from '../schema/remote-file-schema.ts';
import type { SourceConfig } from '../schema/source-schemas.ts';

/** The address of a source that is fetched over HTTP: its `url`, or the `path` of a file that is one; null if it has none. */
export function addressOf(source: SourceConfig): string | null {
  if ('url' in source) return source.url;
  return source.type === 'file' && isRemoteFile(source.path) ? source.path : null;
}
