import { settleAndLog } from './alerts.ts';
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

/** Opens or resolves the alert of maintenance. Safe to repeat because an alert that is open stays as it is. */
export function createSettleMaintenance(dependencies: ActivityDependencies) {
  return async function settleMaintenance({ message }: SettleMaintenanceInput): Promise<SettledMaintenance> {
    const redact = (text: string) => text;
    return runAdapter(redact, async () => ({
      notify: await settleAndLog(dependencies, 'daybook', [{ name: 'maintenance', message }], redact),
    }));
  };
}
