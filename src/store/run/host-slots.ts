import type { HostLimit, Slot } from '../../domain/plan/host-budget.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';

/** The longest wait for a slot; a longer one is retried later. */
const maxWaitMs = 5_000;
/** How much time a claim covers at least. */
const claimMs = 1_000;
/** Claims stay for the workers whose clocks are late. */
const keptMs = 60_000;
/** Limits that are kept in memory; those that were not used lately are dropped first. */
const maxLines = 1_000;

/** What this worker knows of the slots of a limit. */
interface Line {
  /** The next slot to give out: all before it are given out, past or another worker's. */
  next: number;
  /** This worker has claimed the slots from `next` to before this one. */
  end: number;
  claiming: Promise<void> | null;
  /** Claims of this worker that are still in the store, the oldest first. */
  readonly claimed: { readonly place: number; readonly endMs: number }[];
}

/**
 * Slots in time, one for each request that a limit allows. A worker claims those of a second, or one that is longer, with one blob: who creates
 * it owns them. So a worker writes once a second at most, however many requests the limit allows.
 */
export class HostSlots {
  readonly #store: BlobStore;
  /** By folder, those used last at the end. */
  readonly #lines = new Map<string, Line>();

  constructor(store: BlobStore) {
    this.#store = store;
  }

  async take(host: string, limit: HostLimit, now: Date): Promise<Slot> {
    const line = this.#lineOf(storePaths.hostSlots.folder({ host, ...limit }));
    const interval = limit.perMs / limit.requests;
    const nowMs = now.getTime();
    const last = Math.floor((nowMs + Math.max(maxWaitMs, interval)) / interval);
    for (;;) {
      line.next = Math.max(line.next, Math.floor(nowMs / interval));
      if (line.next > last) return { kind: 'later', waitMs: Math.ceil(last * interval - nowMs) };
      if (line.next < line.end) {
        const place = line.next++;
        return { kind: 'go', waitMs: Math.max(0, Math.ceil(place * interval - nowMs)) };
      }
      line.claiming ??= this.#claim(line, host, limit).finally(() => (line.claiming = null));
      await line.claiming;
    }
  }

  async #claim(line: Line, host: string, limit: HostLimit): Promise<void> {
    const size = Math.max(1, Math.ceil((claimMs * limit.requests) / limit.perMs));
    const place = Math.floor(line.next / size) * size;
    const isOwn = await this.#store.putIfAbsent(storePaths.hostSlots.build({ host, ...limit, place }), '');
    line.end = place + size;
    if (!isOwn) {
      line.next = Math.max(line.next, line.end);
      return;
    }
    const endMs = (line.end * limit.perMs) / limit.requests;
    line.claimed.push({ place, endMs });
    while ((line.claimed[0]?.endMs ?? endMs) < endMs - Math.max(keptMs, 2 * limit.perMs)) {
      const old = line.claimed.shift();
      if (!old) break;
      // Requests do not wait for this; what stays is swept.
      this.#store.delete(storePaths.hostSlots.build({ host, ...limit, place: old.place })).catch(() => {});
    }
  }

  #lineOf(folder: string): Line {
    const line = this.#lines.get(folder) ?? { next: 0, end: 0, claiming: null, claimed: [] };
    this.#lines.delete(folder);
    this.#lines.set(folder, line);
    for (const [oldest, { claiming }] of this.#lines) {
      if (this.#lines.size <= maxLines) break;
      if (claiming === null) this.#lines.delete(oldest);
    }
    return line;
  }
}
