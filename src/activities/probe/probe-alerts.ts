import type { AlertName } from '../../domain/monitoring/alert.ts';
import { nothingSecret } from '../../domain/secrets/redact.ts';
import { openAlerts } from '../../store/alerts/alerts.ts';
import { storeVerdicts } from '../../store/alerts/store-alert.ts';
import { recordAlerts, type AlertTools } from '../alerts/record-alerts.ts';

/**
 * Resolves alerts of damaged files that were handled, as each run of a source does.
 * @returns the alerts that were open before, by source
 */
export async function settleStoreAlerts(
  tools: AlertTools,
  sources: readonly { readonly name: string }[],
): Promise<ReadonlyMap<string, ReadonlySet<AlertName>>> {
  const alerts = new Map<string, Set<AlertName>>();
  for (const { source, name } of await openAlerts(tools.store)) {
    const names = alerts.get(source) ?? new Set();
    alerts.set(source, names.add(name));
  }
  for (const { name } of sources) {
    if (!alerts.get(name)?.has('store')) continue;
    await recordAlerts(tools, name, await storeVerdicts(tools.store, name), nothingSecret);
  }
  return alerts;
}
