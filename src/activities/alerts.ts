import { log } from '@temporalio/activity';
import type { AlertVerdict } from '../domain/alert.ts';
import type { Redact } from '../domain/redact.ts';
import { pendingAlerts, settleAlerts } from '../store/alerts.ts';
import type { ActivityDependencies } from './dependencies.ts';

/**
 * Opens and resolves alerts of a source, each with its log line.
 * @returns whether there are changes that the webhook has not taken yet
 */
export async function settleAndLog(
  { store, alertWebhook }: ActivityDependencies,
  source: string,
  verdicts: readonly AlertVerdict[],
  redact: Redact,
): Promise<boolean> {
  const clean = verdicts.map(({ name, message }) => ({ name, message: message === null ? null : redact(message) }));
  for (const { name, state, since, message } of await settleAlerts(store, source, clean, new Date())) {
    const fields = { event: 'alert', source, name, state, since, message };
    if (state === 'open') log.warn('Alert', fields);
    else log.info('Alert resolved', fields);
  }
  return alertWebhook !== null && (await pendingAlerts(store, source)).length > 0;
}
