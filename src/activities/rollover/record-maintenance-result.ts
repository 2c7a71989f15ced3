import { noSource } from '../../domain/names.ts';
import { openAlerts } from '../../store/alerts/alerts.ts';
import { storeVerdicts } from '../../store/alerts/store-alert.ts';
import { hasAlertsToSend, resolveOrphaned, recordAlerts } from '../alerts/record-alerts.ts';
import { nothingSecret } from '../../domain/secrets/redact.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import { runActivity } from '../support/run-activity.ts';

export interface SettleMaintenanceInput {
  /** Null = all steps of the rollover succeeded. */
  readonly message: string | null;
}

export interface SettledMaintenance {
  /** Alerts wait to be told. */
  readonly notify: boolean;
}

/**
 * Opens or resolves the alert of maintenance, and resolves those of sources that are gone, of which no run will ever say
 * anything. Safe to repeat because an alert that is open stays as it is.
 */
export function createSettleMaintenance(dependencies: ActivityDependencies) {
  return async function settleMaintenance({ message }: SettleMaintenanceInput): Promise<SettledMaintenance> {
    return runActivity(nothingSecret, async () => {
      await recordAlerts(dependencies, noSource, [{ name: 'maintenance', message }], nothingSecret);
      await resolveOrphaned(dependencies);
      await resolveStore(dependencies);
      await dependencies.countPair();
      return { notify: await hasAlertsToSend(dependencies, noSource) };
    });
  };
}

/** Resolves the alerts of damaged files that somebody has seen to, also of sources that run no more. */
async function resolveStore(dependencies: ActivityDependencies): Promise<void> {
  const { store } = dependencies;
  for (const { name, source } of await openAlerts(store)) {
    if (name !== 'store') continue;
    await recordAlerts(dependencies, source, await storeVerdicts(store, source), nothingSecret);
  }
}
