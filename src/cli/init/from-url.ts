import { nameOf } from '../../sources/importers/source-name.ts';
import type { HttpResponse } from '../../sources/http/http-client.ts';
import type { InitRequest } from '../options/init-request.ts';
import type { FoundSources } from './found-sources.ts';
import { assertAnswered, type InitFetch } from './init-fetch.ts';
import { inspect, withDetail } from './inspect.ts';
import { prove } from './proposed-config.ts';

/** The source at an address whose answer is there. */
export async function fromUrl(
  url: string,
  response: HttpResponse,
  fetch: InitFetch,
  request: InitRequest,
  name: string | undefined,
): Promise<FoundSources> {
  assertAnswered(url, response);
  const { source, notes } = await withDetail(await inspect(response), new URL(url).origin, (address) =>
    fetch.get(address),
  );
  const { type, ...rest } = source;
  const key = fetch.isPrivate ? { allow_private: true } : {};
  const named = name ?? nameOf(new URL(url));
  return {
    entries: [{ source: { name: named, type, url, ...key, ...request.source, ...rest } }],
    notes,
    variables: [],
    prove,
  };
}
