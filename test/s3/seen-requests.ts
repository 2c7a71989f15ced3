import type { SeenRequest } from '../support/servers/fault-proxy.ts';

/** What is paid for a request: deletions are free. */
export type RequestKind = 'GET' | 'PUT' | 'LIST' | 'DELETE';

/** A request to a bucket: what is asked, and of what, with the names of sources, days and hashes left out. */
export interface CountedRequest {
  readonly kind: RequestKind;
  readonly of: string;
}

/** What a worker asks in the background, for all its sources together. */
const ofWorkers = /^(?:last-runs|store\.json|config|\.probe|\.conditions|csv\/\.)/;
/** The same where it is a listing: it is made at most once in a while. */
const listedByWorkers = /^(?:alerts|limits)$/;

/** The requests below a prefix, without those that a worker makes whether or not anything is polled. */
export function countedRequests(seen: readonly SeenRequest[], prefix: string): CountedRequest[] {
  return requestsBelow(
    prefix,
    seen,
    (path, isList) => !ofWorkers.test(path) && !(isList && listedByWorkers.test(path)),
  );
}

/** All requests below a prefix but those by which a worker looks whether it can write, and is that of its store. */
export function allRequests(seen: readonly SeenRequest[], prefix: string): CountedRequest[] {
  return requestsBelow(prefix, seen, (path) => !/^(?:store\.json|config|csv|\.)/.test(path));
}

function requestsBelow(
  prefix: string,
  seen: readonly SeenRequest[],
  isCounted: (path: string, isList: boolean) => boolean,
): CountedRequest[] {
  return seen.flatMap(({ line }) => {
    const [method = '', address = ''] = line.split(' ');
    const { pathname, searchParams } = new URL(address, 'http://bucket');
    const isList = searchParams.has('list-type');
    const key = isList ? (searchParams.get('prefix') ?? '') : decodeURIComponent(pathname).replace(/^\/[^/]*\//, '');
    if (!key.startsWith(prefix)) return [];
    const path = key.slice(prefix.length).replace(/\/$/, '');
    if (!isCounted(path, isList)) return [];
    return [{ kind: kindOf(method, isList), of: purposeOf(path) }];
  });
}

function kindOf(method: string, isList: boolean): RequestKind {
  if (isList) return 'LIST';
  if (method === 'PUT' || method === 'POST') return 'PUT';
  return method === 'DELETE' ? 'DELETE' : 'GET';
}

/** `state-epochs/<source>/3` → `state-epochs`; alerts keep their names. */
function purposeOf(path: string): string {
  const [folder = '', ...rest] = path.split('/');
  return folder === 'alerts' ? `alerts/${rest.at(-1) ?? ''}` : folder;
}

/** How many of each kind. */
export function countsOf(requests: readonly CountedRequest[]): Record<RequestKind, number> {
  const counts = { GET: 0, PUT: 0, LIST: 0, DELETE: 0 };
  for (const { kind } of requests) counts[kind]++;
  return counts;
}

/** A line for each purpose: `2 GET state-epochs`. */
export function tableOf(requests: readonly CountedRequest[]): string[] {
  const counts = new Map<string, number>();
  for (const { kind, of } of requests) counts.set(`${kind} ${of}`, (counts.get(`${kind} ${of}`) ?? 0) + 1);
  return [...counts].map(([what, count]) => `${count} ${what}`.trim()).sort();
}
