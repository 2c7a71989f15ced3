import type { Alert, AlertVerdict } from '../domain/alert.ts';
import type { BlobStore } from './blob-store.ts';

/** An alert as it is kept: `alerts/<source>/<name>.json`. */
export interface StoredAlert extends Alert {
  /** Whether the webhook has taken its latest change. */
  readonly notified: boolean;
}

/**
 * Opens and resolves alerts of a source. An alert is a change: one that is open already stays as it is.
 * @returns the changes
 */
export async function settleAlerts(
  store: BlobStore,
  source: string,
  verdicts: readonly AlertVerdict[],
  now: Date,
): Promise<Alert[]> {
  const changes: Alert[] = [];
  for (const { name, message } of verdicts) {
    const present = await readAlert(store, source, name);
    const isOpen = present?.state === 'open';
    if (isOpen === (message !== null)) continue;
    const change: Alert = isOpen
      ? { ...bare(present), state: 'resolved' }
      : { name, source, state: 'open', since: now.toISOString(), message: message ?? '' };
    await store.put(alertPath(source, name), JSON.stringify({ ...change, notified: false }));
    changes.push(change);
  }
  return changes;
}

/** Alerts, of one source or all, whose latest change nobody has been told. */
export async function pendingAlerts(store: BlobStore, source?: string): Promise<Alert[]> {
  const alerts = await listAlerts(store, source);
  return alerts.filter(({ notified }) => !notified).map(bare);
}

/** Notes that a change was told. A resolved alert is of no use any more. */
export async function markNotified(store: BlobStore, alert: Alert): Promise<void> {
  const path = alertPath(alert.source, alert.name);
  if (alert.state === 'resolved') await store.delete(path);
  else await store.put(path, JSON.stringify({ ...alert, notified: true }));
}

/** All open alerts, the oldest first. */
export async function openAlerts(store: BlobStore): Promise<Alert[]> {
  const alerts = await listAlerts(store);
  return alerts
    .filter(({ state }) => state === 'open')
    .map(bare)
    .sort((a, b) => (a.since < b.since ? -1 : 1));
}

async function listAlerts(store: BlobStore, source?: string): Promise<StoredAlert[]> {
  const alerts: StoredAlert[] = [];
  for (const path of await store.list(source === undefined ? 'alerts' : `alerts/${source}`)) {
    const content = await store.get(path);
    if (content) alerts.push(JSON.parse(content.toString()) as StoredAlert);
  }
  return alerts;
}

async function readAlert(store: BlobStore, source: string, name: string): Promise<StoredAlert | null> {
  const content = await store.get(alertPath(source, name));
  return content ? (JSON.parse(content.toString()) as StoredAlert) : null;
}

function bare({ name, source, state, since, message }: Alert): Alert {
  return { name, source, state, since, message };
}

function alertPath(source: string, name: string): string {
  return `alerts/${source}/${name}.json`;
}
