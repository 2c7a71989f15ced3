import { log } from '@temporalio/activity';
import { messageOf } from '../../domain/errors.ts';
import { markNotified } from '../../store/alerts/alerts.ts';
import { alertsToSend } from './record-alerts.ts';
import type { Uses } from '../support/dependencies.ts';
import { adapterContext } from '../support/adapter-context.ts';

export interface NotifyAlertsInput {
  readonly source: string;
}

/**
 * Sends alerts that the webhook has not accepted yet. An unavailable webhook delays nothing: the next run of the source tries
 * again. Safe to repeat because a sent alert is marked; one may be sent twice, but is never lost.
 */
export function createNotifyAlerts(dependencies: Uses<'store' | 'config' | 'alertWebhook'>) {
  return async function notifyAlerts({ source }: NotifyAlertsInput): Promise<void> {
    const { store, alertWebhook } = dependencies;
    if (!alertWebhook) return;
    const { signal } = adapterContext();
    for (const alert of await alertsToSend(dependencies, source)) {
      try {
        await alertWebhook(alert, signal);
      } catch (error) {
        log.warn('Alert webhook rejected an alert', {
          source: alert.source,
          name: alert.name,
          error: messageOf(error),
        });
        return;
      }
      await markNotified(store, alert);
    }
  };
}
