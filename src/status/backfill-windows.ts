import type { Client } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { backfillType } from '../domain/names.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { readReceiptOf } from '../store/run/receipts.ts';
import { walkWindows, windowState } from '../store/backfill/window-results.ts';
import type { BackfillProgress } from '../workflows/messages.ts';

export const windowStates = ['waiting', 'running', 'done', 'failed'] as const;
export type WindowCounts = Readonly<Record<(typeof windowStates)[number], number>>;

export const noWindows: WindowCounts = { waiting: 0, running: 0, done: 0, failed: 0 };

/** How many backfills are queried, and for how long. */
const maxAsked = 50;
const askMs = 2_000;

/** How long it is relied on that a window is done: mostly none is run again. */
const doneMs = 600_000;

/** Counts windows that have run, as the store knows them. */
export class WindowCounter {
  readonly #store: BlobStore;
  readonly #now: () => number;
  /** When windows were found done, by path. */
  #done: ReadonlyMap<string, number> = new Map();

  constructor(store: BlobStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /** By source. */
  async read(): Promise<ReadonlyMap<string, WindowCounts>> {
    const counts = new Map<string, WindowCounts>();
    const done = new Map<string, number>();
    for await (const { path, source } of walkWindows(this.#store)) {
      const foundMs = this.#done.get(path);
      const isKnown = foundMs !== undefined && this.#now() - foundMs < doneMs;
      const receipt = isKnown ? null : await readReceiptOf(this.#store, path, source);
      if (receipt === null && !isKnown) continue;
      const state = isKnown ? 'done' : windowState(receipt);
      if (state === 'missing') continue;
      if (state === 'done') done.set(path, isKnown ? foundMs : this.#now());
      const before = counts.get(source) ?? noWindows;
      counts.set(source, { ...before, [state]: before[state] + 1 });
    }
    this.#done = done;
    return counts;
  }
}

/** Windows of backfills that are in progress, by source. @throws if Temporal cannot be asked */
export async function readOpenWindows(
  client: Client,
  instance: Instance,
): Promise<ReadonlyMap<string, Pick<WindowCounts, 'waiting' | 'running'>>> {
  const counts = new Map<string, Pick<WindowCounts, 'waiting' | 'running'>>();
  const query = instance.query(`WorkflowType = '${backfillType}' AND ExecutionStatus = 'Running'`);
  let asked = 0;
  for await (const { workflowId } of client.workflow.list({ query })) {
    if (++asked > maxAsked) break;
    const handle = client.workflow.getHandle(workflowId);
    // Without a worker there is no answer.
    const progress = await client
      .withDeadline(Date.now() + askMs, () => handle.query<BackfillProgress>('progress'))
      .catch(() => null);
    if (!progress) continue;
    const { waiting, running } = progress.windows;
    counts.set(progress.source, { waiting, running: running.length });
  }
  return counts;
}
