import { alertActivities } from '../activities.ts';

/** Tells the webhook of a source's alerts. One that does not answer costs a few seconds and no more: the next run tells it. */
export async function sendAlerts(source: string): Promise<void> {
  await alertActivities(source)
    .notifyAlerts({ source })
    .catch(() => undefined);
}
