import { log } from '@temporalio/activity';
import { describeFailure, type CanaryResult, type FailedCanary } from '../../domain/monitoring/canary.ts';
import { canarySource } from '../../domain/names.ts';
import { nothingSecret } from '../../domain/secrets/redact.ts';
import { writeCanaryReport } from '../../store/canary/canary-report.ts';
import { hasAlertsToSend, recordAlerts, type AlertTools } from '../alerts/record-alerts.ts';
import type { Uses } from '../support/dependencies.ts';

export interface SettleCanaryInput {
  readonly canary: CanaryResult | FailedCanary;
}

export interface SettledCanary {
  /** There are alerts to send. */
  readonly notify: boolean;
}

/** Stores the result of a canary, and opens or resolves its alert. Safe to repeat because the result is the same. */
export function createSettleCanary(dependencies: AlertTools & Uses<'config' | 'alertWebhook'>) {
  return async function settleCanary({ canary }: SettleCanaryInput): Promise<SettledCanary> {
    const { ok, finishedAt, workflowId } = canary;
    const lagMs = canary.ok ? canary.lagMs : null;
    const error = canary.ok ? null : { step: canary.step, ...canary.error };
    await writeCanaryReport(dependencies.store, { at: finishedAt, ok, workflowId, lagMs, error });
    if (ok) log.info('Canary passed', { source: canarySource, lagMs });
    const message = canary.ok ? null : `the canary failed: ${describeFailure(canary)}`;
    const verdicts = [{ name: 'canary', message }] as const;
    await recordAlerts(dependencies, canarySource, verdicts, nothingSecret);
    return { notify: await hasAlertsToSend(dependencies, canarySource) };
  };
}
