import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import type { AlertView } from './alert-view.ts';
import { listAlerts, type StoredAlert } from './alerts.ts';

/** How long a worker relies on what it has read of all alerts. */
const freshMs = 60_000;

/** A run ends a while before its alerts are stored, by the clock of another machine. */
const marginMs = 120_000;

/** `unknown` while it is being written, and where that failed; null = it was deleted. */
type Change = StoredAlert | 'unknown' | null;

/**
 * What a worker remembers of all alerts for a minute: one listing instead of a read for each name and poll. The rule:
 *
 * - It is used by polls of a schedule, and only to see that there is nothing to close, or to send. An alert is opened, extended, closed and
 *   sent only after it was read itself: none is opened twice.
 * - A run that opens or closes alerts saves in the state of its source when it ended. If that is later than the listing, and it was not a
 *   run of this worker, the alerts of the source are read: another worker may have opened one since. So they are after a run that failed,
 *   and in runs by command.
 * - What remains is an alert that another worker has opened in the last minute without saving the state, as for a damaged file. The first
 *   poll after the next listing closes it. What the worker has changed or read itself is known at once.
 */
export class KnownAlerts {
  readonly #now: () => number;
  #listed: ReadonlyMap<string, StoredAlert> = new Map();
  #listedMs = -Infinity;
  #listing: Promise<void> | null = null;
  /** What this worker has changed or read since the listing began, by path. */
  #changes = new Map<string, Change>();
  /** By source: when the last run ended, as its state says, after which this worker has seen to its alerts. */
  readonly #seenTo = new Map<string, { readonly since: string; readonly readMs: number }>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The same store, whose alerts are noticed as they are changed and read. */
  noticing(store: BlobStore): BlobStore {
    return {
      ...store,
      get: (path) => this.#read(path, () => store.get(path)),
      put: (path, content) =>
        this.#change(
          path,
          () => store.put(path, content),
          () => JSON.parse(String(content)) as StoredAlert,
        ),
      delete: (path) =>
        this.#change(
          path,
          () => store.delete(path),
          () => null,
        ),
    };
  }

  /** Notes that a run of this worker has opened or closed the alerts of a source. @param since see `view` */
  seenTo(source: string, since: string): void {
    this.#seenTo.set(source, { since, readMs: Number.POSITIVE_INFINITY });
  }

  /** @param last the source whose alerts are concerned, and when a run last changed them, ISO 8601; null = unknown, or no source's */
  async view(store: BlobStore, last: { readonly source: string; readonly since: string } | null): Promise<AlertView> {
    if (this.#now() - this.#listedMs >= freshMs) {
      this.#listing ??= this.#list(store).finally(() => (this.#listing = null));
      await this.#listing;
    }
    if (last && Date.parse(last.since) >= this.#listedMs - marginMs && !this.#hasSeen(last.source, last.since)) {
      const readMs = this.#now();
      await this.readAll(store, last.source);
      this.#seenTo.set(last.source, { since: last.since, readMs });
    }
    return {
      mayBeOpen: (source, name) => {
        const alert = this.#at(storePaths.alert.build({ source, name }));
        return alert === 'unknown' || alert?.state === 'open';
      },
      mayBePending: (isWanted) => {
        const paths = new Set([...this.#listed.keys(), ...this.#changes.keys()]);
        return [...paths].some((path) => {
          const alert = this.#at(path);
          if (alert === 'unknown') return isWanted(storePaths.alert.parse(path)?.source ?? '');
          return alert !== null && !alert.notified && isWanted(alert.source);
        });
      },
    };
  }

  #hasSeen(source: string, since: string): boolean {
    const seen = this.#seenTo.get(source);
    if (seen?.since !== since) return false;
    // Its alerts may be stored some time after it.
    return Date.parse(since) < seen.readMs - marginMs || this.#now() - seen.readMs < freshMs;
  }

  /** Reads the alerts of a source. */
  async readAll(store: BlobStore, source: string): Promise<void> {
    const changes = this.#changes;
    const before = new Map(changes);
    const found = new Map((await listAlerts(store, source)).map((alert) => [storePaths.alert.build(alert), alert]));
    const isOwn = (path: string) => storePaths.alert.parse(path)?.source === source;
    for (const path of new Set([...found.keys(), ...[...this.#listed.keys(), ...changes.keys()].filter(isOwn)])) {
      if (changes.get(path) === before.get(path)) changes.set(path, found.get(path) ?? null);
    }
  }

  #at(path: string): Change {
    const change = this.#changes.get(path);
    return change === undefined ? (this.#listed.get(path) ?? null) : change;
  }

  async #list(store: BlobStore): Promise<void> {
    const startedMs = this.#now();
    const before = this.#changes;
    this.#changes = new Map();
    try {
      const alerts = await listAlerts(store);
      this.#listed = new Map(alerts.map((alert) => [storePaths.alert.build(alert), alert]));
      this.#listedMs = startedMs;
    } catch (error) {
      this.#changes = new Map([...before, ...this.#changes]);
      throw error;
    }
  }

  async #read(path: string, work: () => Promise<Buffer | null>): Promise<Buffer | null> {
    if (storePaths.alert.parse(path) === null) return work();
    const [changes, before] = [this.#changes, this.#changes.get(path)];
    const content = await work();
    // Unless it has changed since, or was listed.
    if (changes === this.#changes && changes.get(path) === before) changes.set(path, content && alertIn(content));
    return content;
  }

  async #change(path: string, work: () => Promise<void>, result: () => Change): Promise<void> {
    if (storePaths.alert.parse(path) === null) return work();
    this.#changes.set(path, 'unknown');
    await work();
    this.#changes.set(path, result());
  }
}

function alertIn(content: Buffer): Change {
  try {
    return JSON.parse(content.toString()) as StoredAlert;
  } catch {
    return 'unknown';
  }
}
