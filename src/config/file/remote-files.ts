import { dirname, join, relative, resolve, sep } from 'node:path';
import { isObjectUrl, splitObjectUrl } from '../../domain/storage/object-files.ts';

/** A configuration in a bucket: its files are copied into a folder of this process, under their keys. */
export interface RemoteConfig {
  readonly url: string;
  /** The copy of `daybook.yaml`. */
  readonly file: string;
  /** Holds the copies of the bucket. */
  readonly folder: string;
  /** Why the copy is missing, or not as new as it should be; null = it is. */
  problem: string | null;
}

/** Those of this process, by URL. */
const known = new Map<string, RemoteConfig>();

/**
 * Makes a place for the copies.
 * @param root an empty folder
 */
export function registerRemoteConfig(url: string, root: string): RemoteConfig {
  const { bucket, key } = splitObjectUrl(url) ?? { bucket: '', key: '' };
  const folder = join(root, bucket);
  const config: RemoteConfig = { url, folder, file: join(folder, key), problem: null };
  known.set(url, config);
  return config;
}

/** The configuration with a URL, or whose copy a file is; undefined if there is none. */
export function remoteConfigOf(place: string): RemoteConfig | undefined {
  return known.get(place) ?? [...known.values()].find(({ file }) => file === place);
}

/** A path as people know it: that of a copy is the URL of its object. */
export function shownPath(path: string): string {
  for (const { url, folder } of known.values()) {
    if (path !== folder && !path.startsWith(folder + sep)) continue;
    return `s3://${splitObjectUrl(url)?.bucket}/${relative(folder, path).split(sep).join('/')}`;
  }
  return path;
}

/** A path of a configuration, absolute: it is relative to the file, and in the same bucket. That of an object is its URL. */
export function pathBeside(configFile: string, path: string): string {
  return isObjectUrl(path) ? path : shownPath(resolve(dirname(configFile), path));
}
