import type { Alert, AlertVerdict } from '../../domain/monitoring/alert.ts';
import { noSource } from '../../domain/names.ts';
import { addToAlert, isAlertOpen } from './alerts.ts';
import type { BlobStore, Damage } from '../blobs/blob-store.ts';
import { describeDamage, listDamaged, setAside, sourceOf } from '../blobs/damage.ts';
import { unreadableMarkers } from '../delivery/deferred.ts';
import { readIdentity } from '../identity.ts';

/**
 * A store that sets damaged files aside as they are met, and opens the alert `store` of their source, or adds to it: each is
 * told once.
 * @param onAlert told of each alert that was opened or added to, and of what had no more room in one
 */
export function settingAside(store: BlobStore, onAlert: (alert: Alert) => void): BlobStore {
  const keeping: BlobStore = {
    ...store,
    async onDamage(damage) {
      const aside = await setAside(keeping, damage);
      // Somebody else has set it aside, and told of it.
      if (aside === null && damage.remains !== 'all') return;
      const message = describeDamage(damage, aside);
      const [source, now] = [sourceOf(damage.path), new Date()];
      const alert = await addToAlert(keeping, source, 'store', { about: damage.path, message }, now);
      // What has no more room in the alert is named all the same.
      if (typeof alert === 'object') onAlert(alert);
      else if (alert === 'full') onAlert({ name: 'store', source, state: 'open', since: now.toISOString(), message });
    },
  };
  return keeping;
}

/** A store that only names damaged files, each once, and leaves them where they are: for whoever just looks. */
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

/** What is to be said of the alert `store` of a source: nothing, unless it is open and all that it told of was seen to. */
export async function storeVerdicts(store: BlobStore, source: string): Promise<AlertVerdict[]> {
  if (!(await isAlertOpen(store, source, 'store'))) return [];
  const damaged = await listDamaged(store);
  if (damaged.some((file) => file.source === source) || (await unreadableMarkers(store, source)).length > 0) return [];
  if (source === noSource && ((await readIdentity(store))?.restored ?? null) !== null) return [];
  return [{ name: 'store', message: null }];
}
