import { tokenKeyName } from '../environment/token-key.ts';
import { valueOf, type LookUp } from '../secrets/references.ts';
import type { SourceConfig } from '../schema/source-schemas.ts';
import type { Problem } from './problem.ts';

/**
 * Sources whose refresh tokens cannot be kept, because there is no key to encrypt them with.
 * @param placeOf line and column of a path
 */
export function unsetKey(
  sources: readonly (SourceConfig | null)[],
  lookUp: LookUp,
  placeOf: (path: Problem['path']) => object,
): { readonly name: string; readonly problem: Problem }[] {
  if (valueOf(tokenKeyName, lookUp)) return [];
  const message = `oauth2_refresh_token needs ${tokenKeyName}, which is not set: 32 bytes as base64, e.g. the output of "openssl rand -base64 32"`;
  const problemAt = (path: Problem['path']) => ({ name: tokenKeyName, problem: { path, message, ...placeOf(path) } });
  return sources.flatMap((source, index) =>
    source !== null && 'auth' in source && source.auth?.type === 'oauth2_refresh_token'
      ? [problemAt(['sources', index, 'auth'])]
      : [],
  );
}
