import type { Alert } from '../../domain/monitoring/alert.ts';
import { noSource } from '../../domain/names.ts';
import { restoredMessage } from '../../domain/storage/store-pair.ts';
import { addToAlert, settleAlerts } from './alerts.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { RestoredNote } from '../identity.ts';
import { storeVerdicts } from './store-alert.ts';

export function restoredText({ side, store, database }: RestoredNote): string {
  return restoredMessage(side, store, database);
}

/**
 * Opens the alert `store` for a restored side; resolves it once nothing is left to report.
 * @returns what has changed
 */
export async function settleRestoredAlert(store: BlobStore, restored: RestoredNote | null): Promise<Alert[]> {
  if (restored === null) return settleAlerts(store, noSource, await storeVerdicts(store, noSource), new Date());
  const message = restoredText(restored);
  const alert = await addToAlert(store, noSource, 'store', { about: message, message }, new Date());
  return typeof alert === 'object' ? [alert] : [];
}
