import { stricter, type HostBudget, type HostLimit } from '../../domain/plan/host-budget.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storedJson } from '../blobs/stored-json.ts';
import { storePaths } from '../paths/paths.ts';
import { isClosedLately, readClosure, type Closure } from './host-closure.ts';
import { HostSlots } from './host-slots.ts';
import { freshMs, ListedHosts } from './listed-hosts.ts';

/** The limit of a host for a while after a 429. */
const slowLimit: HostLimit = { requests: 1, perMs: 1_000 };
/** How long it is cached whether a host accepts requests, if it was closed lately. */
const believedMs = 500;

interface KnownClosure {
  readonly closure: Closure | null;
  readonly readAtMs: number;
}

/**
 * Budgets in the store, so that all workers share them: slots in time, and until when a host is closed. See `HostSlots` and `ListedHosts`
 * for how rarely the store is asked.
 */
export function createHostBudgets(store: BlobStore): HostBudget {
  const closures = new Map<string, KnownClosure>();
  const listed = new ListedHosts(store);
  const slots = new HostSlots(store);

  async function closureOf(host: string, now: Date): Promise<Closure | null> {
    const known = closures.get(host);
    if (known && isFresh(known, now)) return known.closure;
    if (await listed.has(host, now.getTime())) return read(host, now);
    closures.delete(host);
    return null;
  }

  async function read(host: string, now: Date): Promise<Closure | null> {
    const readAtMs = Date.now();
    const closure = await readClosure(store, host, now);
    closures.set(host, { closure, readAtMs });
    return closure;
  }

  return {
    async take(host, limit, now) {
      const closure = await closureOf(host, now);
      const untilMs = closure === null ? 0 : Date.parse(closure.until);
      if (untilMs > now.getTime()) return { kind: 'later', waitMs: untilMs - now.getTime() };
      const current = closure !== null && isClosedLately(closure, now) ? stricter(limit, slowLimit) : limit;
      return current === null ? { kind: 'go', waitMs: 0 } : slots.take(host, current, now);
    },

    async slowDown(host, until) {
      const present = await read(host, until);
      if (present !== null && Date.parse(present.until) >= until.getTime()) return;
      const closure: Closure = { until: until.toISOString() };
      const note = () => {
        listed.add(host);
        closures.set(host, { closure, readAtMs: Date.now() });
      };
      note();
      await store.put(storePaths.closure.build({ host }), storedJson(closure));
      // A listing that began meanwhile may not show it.
      note();
    },
  };
}

function isFresh({ closure, readAtMs }: KnownClosure, now: Date): boolean {
  const isLate = closure !== null && isClosedLately(closure, now);
  return now.getTime() - readAtMs < (isLate ? believedMs : freshMs);
}
