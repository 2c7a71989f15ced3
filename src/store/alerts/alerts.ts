import type { Alert, AlertName, AlertVerdict } from '../../domain/monitoring/alert.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { hasFields, readStoredJson, storedJson } from '../blobs/stored-json.ts';
import { unknownAlerts, type AlertView } from './alert-view.ts';

/** An alert as it is kept. */
export interface StoredAlert extends Alert {
  /** Whether the webhook has taken its latest change. */
  readonly notified: boolean;
  /** Who last found that it still applies, and when. Absent = unknown. */
  readonly confirmed?: Confirmation;
}

/** The file, `host:path`, by which an alert was found to still apply. `at`: ISO 8601. */
export interface Confirmation {
  readonly file: string;
  readonly at: string;
}

/**
 * Opens and resolves alerts of a source. An alert is a change: one that is open already stays as it is.
 * @param known what need not be read to be resolved
 * @returns the changes
 */
export async function settleAlerts(
  store: BlobStore,
  source: string,
  verdicts: readonly AlertVerdict[],
  now: Date,
  known: AlertView = unknownAlerts,
): Promise<Alert[]> {
  const changes: Alert[] = [];
  for (const { name, message } of verdicts) {
    if (message === null && !known.mayBeOpen(source, name)) continue;
    const present = await readAlert(store, source, name);
    const isOpen = present?.state === 'open';
    if (isOpen === (message !== null)) continue;
    const change: Alert = isOpen
      ? { ...bare(present), state: 'resolved' }
      : { name, source, state: 'open', since: now.toISOString(), message: message ?? '' };
    await store.put(storePaths.alert.build({ source, name }), storedJson({ ...change, notified: false }));
    changes.push(change);
  }
  return changes;
}

/** Longest message of an alert that grows. */
const maxMessage = 2_000;

/**
 * Opens an alert, or adds to the message of one that is open.
 * @param addition a sentence and its subject, which is reported once
 * @returns the alert as it is now; `known` if it already contained that, `full` if it has no more room
 */
export async function addToAlert(
  store: BlobStore,
  source: string,
  name: AlertName,
  addition: { readonly about: string; readonly message: string },
  now: Date,
): Promise<Alert | 'known' | 'full'> {
  const found = await readAlert(store, source, name);
  const open = found?.state === 'open' ? found : null;
  if (open?.message.includes(addition.about)) return 'known';
  if (open && open.message.length >= maxMessage) return 'full';
  const message = (open ? `${open.message}. ${addition.message}` : addition.message).slice(0, maxMessage);
  const alert: Alert = { name, source, state: 'open', since: open?.since ?? now.toISOString(), message };
  await store.put(storePaths.alert.build(alert), storedJson({ ...alert, notified: false }));
  return alert;
}

/** How long a confirmation is valid before it is written again, in ms. */
const confirmEveryMs = 60_000;

/** Notes that an open alert still holds. */
export async function confirmAlert(
  store: BlobStore,
  source: string,
  name: AlertName,
  confirmed: Confirmation,
): Promise<void> {
  const present = await readOpenAlert(store, source, name);
  if (present === null) return;
  const before = present.confirmed;
  const age = before ? Date.parse(confirmed.at) - Date.parse(before.at) : Infinity;
  if (before?.file === confirmed.file && age < confirmEveryMs) return;
  await store.put(storePaths.alert.build({ source, name }), storedJson({ ...present, confirmed }));
}

/** An alert that is open; null if it is not. */
export async function readOpenAlert(store: BlobStore, source: string, name: AlertName): Promise<StoredAlert | null> {
  const present = await readAlert(store, source, name);
  return present?.state === 'open' ? present : null;
}

export async function isAlertOpen(store: BlobStore, source: string, name: AlertName): Promise<boolean> {
  return (await readOpenAlert(store, source, name)) !== null;
}

/**
 * Alerts whose latest change has not been sent.
 * @param isWanted picks sources, before anything of them is read
 */
export async function pendingAlerts(
  store: BlobStore,
  isWanted: (source: string) => boolean = () => true,
): Promise<Alert[]> {
  const alerts = await listAlerts(store, undefined, isWanted);
  return alerts.filter(({ notified }) => !notified).map(bare);
}

/** Notes that a change was sent. A resolved alert is removed. */
export async function markNotified(store: BlobStore, alert: Alert): Promise<void> {
  const path = storePaths.alert.build(alert);
  if (alert.state === 'resolved') await store.delete(path);
  else await store.put(path, storedJson({ ...(await readAlertAt(store, path)), ...alert, notified: true }));
}

/** Open alerts, of one source or all, the oldest first. */
export async function openAlerts(store: BlobStore, source?: string): Promise<Alert[]> {
  const alerts = await listAlerts(store, source);
  return alerts
    .filter(({ state }) => state === 'open')
    .map(bare)
    .sort((a, b) => (a.since < b.since ? -1 : 1));
}

/** Also those that are resolved, and not sent yet. */
export async function listAlerts(
  store: BlobStore,
  source?: string,
  isWanted: (source: string) => boolean = () => true,
): Promise<StoredAlert[]> {
  const alerts: StoredAlert[] = [];
  for await (const path of store.walk(storePaths.alert.folder(source === undefined ? {} : { source }))) {
    const place = storePaths.alert.parse(path);
    const alert = place && isWanted(place.source) ? await readAlertAt(store, path) : null;
    if (alert) alerts.push(alert);
  }
  return alerts;
}

function readAlert(store: BlobStore, source: string, name: string): Promise<StoredAlert | null> {
  return readAlertAt(store, storePaths.alert.build({ source, name }));
}

/** An alert of another version may have a name that is unknown here. */
async function readAlertAt(store: BlobStore, path: string): Promise<StoredAlert | null> {
  const place = storePaths.alert.parse(path);
  if (!place) return null;
  return readStoredJson(
    store,
    path,
    'an alert',
    (value): value is StoredAlert =>
      hasFields(value, { since: 'time', message: 'string', notified: 'boolean' }) &&
      (value as StoredAlert).name === place.name &&
      (value as StoredAlert).source === place.source &&
      ['open', 'resolved'].includes((value as StoredAlert).state) &&
      isConfirmation((value as StoredAlert).confirmed),
  );
}

function isConfirmation(value: unknown): boolean {
  return value === undefined || hasFields(value, { file: 'string', at: 'time' });
}

function bare({ name, source, state, since, message }: Alert): Alert {
  return { name, source, state, since, message };
}
