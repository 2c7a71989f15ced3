import { log } from '@temporalio/activity';
import { messageOf } from '../../domain/errors.ts';
import { markNotified } from '../../store/alerts/alerts.ts';
import { alertsToSend } from './record-alerts.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import { runActivity } from '../support/run-activity.ts';
import { redactorFor } from '../support/source-secrets.ts';

export interface NotifyAlertsInput {
  readonly source: string;
}

/**
 * Tells the webhook of alerts that it has not taken yet. A webhook that is away holds nobody up: the next run of the source
 * tries again. Safe to repeat because an alert that was told is marked; one may be told twice, never not at all.
 */
export function createNotifyAlerts(dependencies: ActivityDependencies) {
  return async function notifyAlerts({ source }: NotifyAlertsInput): Promise<void> {
    const { store, alertWebhook } = dependencies;
    if (!alertWebhook) return;
    await runActivity(redactorFor(source, dependencies), async ({ signal }) => {
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
    });
  };
}
