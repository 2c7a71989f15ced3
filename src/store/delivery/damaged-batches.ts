import type { BatchRef } from '../../domain/run/batch.ts';
import { sinks } from '../../domain/run/sink.ts';
import { clearPollState, type SourceState } from '../../domain/state/source-state.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { reportDamage } from '../blobs/damage.ts';
import { unmarkDeferred } from './deferred.ts';
import { storePaths } from '../paths/paths.ts';
import { changeState } from '../run/states.ts';

/**
 * Gives up a deferred batch that is damaged: it is moved below `damaged/`, and its source is polled again from the earliest of its
 * records. In this order, so that a kill in between costs a poll at most. Safe to repeat.
 */
export async function setDamagedAside(store: BlobStore, batch: BatchRef): Promise<void> {
  await changeState(store, batch.source, (state) => state && askAgain(state, batch.earliest));
  const path = storePaths.batch.build(batch);
  const content = await store.get(path);
  if (content) await reportDamage(store, { path, content, problem: 'is not what was spooled', remains: 'nothing' });
  for (const sink of sinks) await unmarkDeferred(store, sink, batch);
}

/** Whether a batch that is gone was set aside. */
export async function wasSetAside(store: BlobStore, batch: BatchRef): Promise<boolean> {
  return (await store.get(storePaths.damaged.build({ path: storePaths.batch.build(batch), number: 1 }))) !== null;
}

/** If the earliest time is unknown, everything is polled again. */
function askAgain(state: SourceState, earliest: string | undefined): SourceState {
  const { watermark } = state;
  const reaches = watermark !== null && earliest !== undefined;
  return { ...clearPollState(state), watermark: reaches ? (earliest < watermark ? earliest : watermark) : null };
}
