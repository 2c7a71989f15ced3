import type { FailedReceipt, Receipt } from '../domain/run/receipt.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { listReceipts, listRecentReceipts, readReceipt } from '../store/run/receipts.ts';

/** The latest runs of a source. */
export interface LastRuns {
  readonly last: Receipt | FailedReceipt | null;
  /** When the last run that did not fail, and was not skipped, ended. ISO 8601; null = none is known. */
  readonly succeededAt: string | null;
}

interface Known extends LastRuns {
  readonly path: string;
}

/** Receipts that are read to find the last success of a source that fails: days of tries, once a process. */
const maxRead = 500;

/** Reads the latest receipts of sources, and remembers them: a receipt never changes. */
export class LastReceipts {
  readonly #store: BlobStore;
  readonly #known = new Map<string, Known>();

  constructor(store: BlobStore) {
    this.#store = store;
  }

  async of(source: string, now: Date): Promise<LastRuns> {
    const known = this.#known.get(source);
    const recent = await listRecentReceipts(this.#store, source, now);
    if (known && (recent.at(-1) ?? '') <= known.path) return known;
    // Only the first check may have to go through all of them.
    const paths = known ? recent.filter((path) => path > known.path) : await this.#untilSuccess(source, recent);
    let last: LastRuns['last'] = null;
    let succeededAt: string | null = null;
    for (const path of paths.slice(-maxRead).reverse()) {
      const receipt = await readReceipt(this.#store, path);
      last ??= receipt;
      if (!receipt || !isSuccess(receipt)) continue;
      succeededAt = receipt.finishedAt;
      break;
    }
    const path = paths.at(-1);
    if (path === undefined) return { last: null, succeededAt: null };
    const found = { path, last: last ?? known?.last ?? null, succeededAt: succeededAt ?? known?.succeededAt ?? null };
    this.#known.set(source, found);
    return found;
  }

  /** If the latest day has no success, older ones may. */
  async #untilSuccess(source: string, recent: readonly string[]): Promise<readonly string[]> {
    const latest = recent.at(-1);
    const receipt = latest === undefined ? null : await readReceipt(this.#store, latest);
    return receipt && isSuccess(receipt) ? recent : listReceipts(this.#store, source);
  }
}

function isSuccess({ outcome }: Receipt | FailedReceipt): boolean {
  return outcome !== 'failed' && outcome !== 'rate_limited';
}
