import { canarySource, noSource } from '../domain/names.ts';
import { openAlerts, pendingAlerts } from '../store/alerts.ts';
import { settleAndLog } from './alerts.ts';
import { nothingSecret } from '../domain/redact.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAdapter } from './run-adapter.ts';

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
    return runAdapter(nothingSecret, async () => {
      await settleAndLog(dependencies, noSource, [{ name: 'maintenance', message }], nothingSecret);
      await resolveStray(dependencies);
      const { alertWebhook, store } = dependencies;
      return { notify: alertWebhook !== null && (await pendingAlerts(store)).length > 0 };
    });
  };
}

async function resolveStray(dependencies: ActivityDependencies): Promise<void> {
  const { config, broken } = dependencies.config.current();
  // The last good configuration may know less than the one that is being written.
  if (broken) return;
  const known = new Set([noSource, canarySource, ...config.sources.map(({ name }) => name)]);
  for (const { name, source } of await openAlerts(dependencies.store)) {
    if (!known.has(source)) await settleAndLog(dependencies, source, [{ name, message: null }], nothingSecret);
  }
}
