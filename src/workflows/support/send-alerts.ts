import { alertActivities } from '../activities.ts';

/** Sends a source's alerts to the webhook. If it does not answer, that costs a few seconds, and the next run sends them. */
export async function sendAlerts(source: string): Promise<void> {
  await alertActivities(source)
    .notifyAlerts({ source })
    .catch(() => undefined);
}
