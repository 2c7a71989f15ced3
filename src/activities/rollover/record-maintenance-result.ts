import { noSource } from '../../domain/names.ts';
import { openAlerts } from '../../store/alerts/alerts.ts';
import { storeVerdicts } from '../../store/alerts/store-alert.ts';
import { hasAlertsToSend, resolveOrphaned, recordAlerts, type AlertTools } from '../alerts/record-alerts.ts';
import { nothingSecret } from '../../domain/secrets/redact.ts';
import type { Uses } from '../support/dependencies.ts';

export interface SettleMaintenanceInput {
  /** Null = all steps of the rollover succeeded. */
  readonly message: string | null;
}

export interface SettledMaintenance {
  /** There are alerts to send. */
  readonly notify: boolean;
}

/**
 * Opens or resolves the alert of maintenance, and resolves those of removed sources, which have no further runs. Safe to repeat
 * because an alert that is open stays as it is.
 */
export function createSettleMaintenance(dependencies: AlertTools & Uses<'config' | 'alertWebhook' | 'countPair'>) {
  return async function settleMaintenance({ message }: SettleMaintenanceInput): Promise<SettledMaintenance> {
    await recordAlerts(dependencies, noSource, [{ name: 'maintenance', message }], nothingSecret);
    await resolveOrphaned(dependencies);
    await resolveStore(dependencies);
    await dependencies.countPair();
    return { notify: await hasAlertsToSend(dependencies, noSource) };
  };
}

/** Resolves the alerts of damaged files that were handled, also of sources that no longer run. */
async function resolveStore(dependencies: AlertTools): Promise<void> {
  const { store } = dependencies;
  for (const { name, source } of await openAlerts(store)) {
    if (name !== 'store') continue;
    await recordAlerts(dependencies, source, await storeVerdicts(store, source), nothingSecret);
  }
}
