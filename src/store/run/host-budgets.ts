import { stricter, type HostBudget, type HostLimit, type Slot } from '../../domain/plan/host-budget.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { ListedHosts } from './listed-hosts.ts';
import { hasFields, readStoredJson, storedJson } from '../blobs/stored-json.ts';

/** The longest wait for a slot; a longer one is retried later. */
const maxWaitMs = 5_000;
/** The limit of a host for a while after a 429. */
const slowLimit: HostLimit = { requests: 1, perMs: 1_000 };
const slowForMs = 60_000;
/** How long it is cached whether a host accepts requests. */
const believedMs = 500;
/** Slots taken between two clean-ups of old ones. */
const cleanEvery = 100;

/** A longer block means a damaged file: the host would never be called again. */
const maxClosureMs = 400 * 24 * 3_600_000;

interface Closure {
  /** ISO 8601. */
  readonly until: string;
}

/**
 * Budgets in the store, so that all workers share them: time is cut into slots of a limit's interval, and the caller that creates
 * the blob of a slot owns it.
 */
export function createHostBudgets(store: BlobStore): HostBudget {
  const closures = new Map<string, { readonly closure: Closure | null; readonly readAtMs: number }>();
  const listed = new ListedHosts(store);
  const lastTaken = new Map<string, number>();
  let taken = 0;

  async function closureOf(host: string, now: Date): Promise<Closure | null> {
    const known = closures.get(host);
    if (known && now.getTime() - known.readAtMs < believedMs) return known.closure;
    return (await listed.has(host, now.getTime())) ? readClosure(host, now) : null;
  }

  /** @param from a closure that ends too long after it cannot be meant */
  async function readClosure(host: string, from: Date): Promise<Closure | null> {
    const path = storePaths.closure.build({ host });
    const isClosure = (value: unknown): value is Closure =>
      hasFields(value, { until: 'time' }) && Date.parse((value as Closure).until) < from.getTime() + maxClosureMs;
    const readAtMs = Date.now();
    const closure = await readStoredJson(store, path, 'the time until which a host accepts no requests', isClosure);
    closures.set(host, { closure, readAtMs });
    return closure;
  }

  async function takeSlot(host: string, limit: HostLimit, now: Date): Promise<Slot> {
    const interval = limit.perMs / limit.requests;
    const line = storePaths.hostSlot.folder({ host, ...limit });
    listed.add(host);
    const first = Math.floor(now.getTime() / interval);
    const last = Math.floor((now.getTime() + Math.max(maxWaitMs, interval)) / interval);
    for (let place = Math.max(first, (lastTaken.get(line) ?? 0) + 1); place <= last; place++) {
      lastTaken.set(line, place);
      if (!(await store.putIfAbsent(storePaths.hostSlot.build({ host, ...limit, place }), ''))) continue;
      if (++taken % cleanEvery === 0) await clean(line, first);
      return { kind: 'go', waitMs: Math.max(0, Math.ceil(place * interval - now.getTime())) };
    }
    lastTaken.set(line, last);
    return { kind: 'later', waitMs: Math.ceil(last * interval - now.getTime()) };
  }

  async function clean(line: string, first: number): Promise<void> {
    for (const path of await store.list(line)) {
      if ((storePaths.hostSlot.parse(path)?.place ?? first) < first - 1) await store.delete(path);
    }
  }

  return {
    async take(host, limit, now) {
      const closure = await closureOf(host, now);
      if (closure === null) return limit === null ? { kind: 'go', waitMs: 0 } : takeSlot(host, limit, now);
      const untilMs = Date.parse(closure.until);
      if (untilMs > now.getTime()) return { kind: 'later', waitMs: untilMs - now.getTime() };
      const slow = now.getTime() < untilMs + slowForMs ? stricter(limit, slowLimit) : limit;
      return slow === null ? { kind: 'go', waitMs: 0 } : takeSlot(host, slow, now);
    },

    async slowDown(host, until) {
      const present = await readClosure(host, until);
      if (present !== null && Date.parse(present.until) >= until.getTime()) return;
      const closure: Closure = { until: until.toISOString() };
      listed.add(host);
      closures.set(host, { closure, readAtMs: Date.now() });
      await store.put(storePaths.closure.build({ host }), storedJson(closure));
    },
  };
}

/** Forgets that a host must not be called. Workers notice within half a second. */
export async function reopenHost(store: BlobStore, host: string): Promise<void> {
  await store.delete(storePaths.closure.build({ host }));
}
