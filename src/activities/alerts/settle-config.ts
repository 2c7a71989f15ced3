import type { Config } from '../../config/file/parse-config.ts';
import { nothingSecret, type Redact } from '../../domain/secrets/redact.ts';
import { unknownAlerts, type AlertView } from '../../store/alerts/alert-view.ts';
import type { Uses } from '../support/dependencies.ts';
import { settleConfigAlert } from './config-alert.ts';
import { resolveOrphaned, type AlertTools } from './record-alerts.ts';

export type ConfigAlertTools = AlertTools & Uses<'config' | 'identity'>;

/** The configuration whose sources are known to be all that have alerts. */
const seen = new WeakMap<object, Config>();

/**
 * Opens or resolves the alert of the configuration, and resolves those of sources that it no longer has.
 * @param known what need not be read to be resolved
 */
export async function settleConfig(
  dependencies: ConfigAlertTools,
  redact: Redact = nothingSecret,
  known: AlertView = unknownAlerts,
): Promise<void> {
  const { config, broken } = dependencies.config.current();
  const message = broken && `the configuration is broken; using the last good one: ${broken.message}`;
  await settleConfigAlert(dependencies, message, redact, known);
  if (broken === null && seen.get(dependencies.config) !== config) await resolveOrphaned(dependencies);
  seen.set(dependencies.config, config);
}
