import { stricter, type HostBudget, type HostLimit, type Turn } from '../domain/host-budget.ts';
import { pathPart } from '../domain/path-part.ts';
import type { BlobStore } from './blob-store.ts';

/** Longest that a place's turn may lie ahead; who would wait longer comes again. */
const maxWaitMs = 5_000;
/** What a host gets for a while after it said 429. */
const slowLimit: HostLimit = { requests: 1, perMs: 1_000 };
const slowForMs = 60_000;
/** How long what a host asked for is believed without looking again. */
const believedMs = 500;
/** Places taken between two clean-ups of old ones. */
const cleanEvery = 100;

interface Closure {
  /** ISO 8601. */
  readonly until: string;
}

/**
 * Budgets in the store, so that all workers share them: time is cut into places of a limit's interval, and who makes the
 * blob of a place has it.
 */
export function createHostBudgets(store: BlobStore): HostBudget {
  const closures = new Map<string, { readonly closure: Closure | null; readonly readAtMs: number }>();
  const lastTaken = new Map<string, number>();
  let taken = 0;

  async function closureOf(host: string, now: Date): Promise<Closure | null> {
    const known = closures.get(host);
    if (known && now.getTime() - known.readAtMs < believedMs) return known.closure;
    const content = await store.get(closurePath(host));
    const closure = content === null ? null : (JSON.parse(content.toString()) as Closure);
    closures.set(host, { closure, readAtMs: now.getTime() });
    return closure;
  }

  async function takePlace(host: string, limit: HostLimit, now: Date): Promise<Turn> {
    const interval = limit.perMs / limit.requests;
    const line = `${lineOf(host)}/${limit.requests}-${limit.perMs}`;
    const first = Math.floor(now.getTime() / interval);
    const last = Math.floor((now.getTime() + Math.max(maxWaitMs, interval)) / interval);
    for (let place = Math.max(first, (lastTaken.get(line) ?? 0) + 1); place <= last; place++) {
      lastTaken.set(line, place);
      if (!(await store.putIfAbsent(`${line}/${place}`, ''))) continue;
      if (++taken % cleanEvery === 0) await clean(line, first);
      return { kind: 'go', waitMs: Math.max(0, Math.ceil(place * interval - now.getTime())) };
    }
    lastTaken.set(line, last);
    return { kind: 'later', waitMs: Math.ceil(last * interval - now.getTime()) };
  }

  async function clean(line: string, first: number): Promise<void> {
    for (const path of await store.list(line)) {
      if (Number(path.slice(path.lastIndexOf('/') + 1)) < first - 1) await store.delete(path);
    }
  }

  return {
    async take(host, limit, now) {
      const closure = await closureOf(host, now);
      if (closure === null) return limit === null ? { kind: 'go', waitMs: 0 } : takePlace(host, limit, now);
      const untilMs = Date.parse(closure.until);
      if (untilMs > now.getTime()) return { kind: 'later', waitMs: untilMs - now.getTime() };
      const slow = now.getTime() < untilMs + slowForMs ? stricter(limit, slowLimit) : limit;
      return slow === null ? { kind: 'go', waitMs: 0 } : takePlace(host, slow, now);
    },

    async slowDown(host, until) {
      const present = await closureOf(host, until);
      if (present !== null && Date.parse(present.until) >= until.getTime()) return;
      const closure: Closure = { until: until.toISOString() };
      closures.set(host, { closure, readAtMs: Date.now() });
      await store.put(closurePath(host), JSON.stringify(closure));
    },
  };
}

/** Forgets that a host wants to be left alone. Workers notice within half a second. */
export async function reopenHost(store: BlobStore, host: string): Promise<void> {
  await store.delete(closurePath(host));
}

function lineOf(host: string): string {
  return `limits/${pathPart(host)}`;
}

function closurePath(host: string): string {
  return `${lineOf(host)}/closed.json`;
}
