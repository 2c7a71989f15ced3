import type { Alert, AlertVerdict } from '../../domain/monitoring/alert.ts';
import { noSource } from '../../domain/names.ts';
import { unknownAlerts, type AlertView } from './alert-view.ts';
import { addToAlert, isAlertOpen } from './alerts.ts';
import type { BlobStore, Damage } from '../blobs/blob-store.ts';
import { describeDamage, listDamaged, setAside, sourceOf } from '../blobs/damage.ts';
import { unreadableMarkers } from '../delivery/deferred.ts';
import { readIdentity } from '../identity.ts';

/**
 * A store that sets damaged files aside as they are met, and opens the alert `store` of their source, or adds to it: each is
 * reported once.
 * @param onAlert called with each alert that was opened or extended, and with what did not fit into one
 */
export function settingAside(store: BlobStore, onAlert: (alert: Alert) => void): BlobStore {
  const keeping: BlobStore = {
    ...store,
    async onDamage(damage) {
      const aside = await setAside(keeping, damage);
      // Someone else has set it aside, and reported it.
      if (aside === null && damage.remains !== 'all') return;
      const message = describeDamage(damage, aside);
      const [source, now] = [sourceOf(damage.path), new Date()];
      const alert = await addToAlert(keeping, source, 'store', { about: damage.path, message }, now);
      // What has no more room in the alert is logged.
      if (typeof alert === 'object') onAlert(alert);
      else if (alert === 'full') onAlert({ name: 'store', source, state: 'open', since: now.toISOString(), message });
    },
  };
  return keeping;
}

/** A store that only names damaged files, each once, and leaves them where they are: for read-only commands. */
export function naming(store: BlobStore, onDamage: (damage: Damage) => void): BlobStore {
  const named = new Set<string>();
  return {
    ...store,
    async onDamage(damage) {
      if (named.has(damage.path)) return;
      named.add(damage.path);
      onDamage(damage);
    },
  };
}

/**
 * Resolves the alert `store` of a source, if it is open and everything in it was handled.
 * @param known what need not be read
 */
export async function storeVerdicts(
  store: BlobStore,
  source: string,
  known: AlertView = unknownAlerts,
): Promise<AlertVerdict[]> {
  if (!known.mayBeOpen(source, 'store') || !(await isAlertOpen(store, source, 'store'))) return [];
  const damaged = await listDamaged(store);
  if (damaged.some((file) => file.source === source) || (await unreadableMarkers(store, source)).length > 0) return [];
  if (source === noSource && ((await readIdentity(store))?.restored ?? null) !== null) return [];
  return [{ name: 'store', message: null }];
}
