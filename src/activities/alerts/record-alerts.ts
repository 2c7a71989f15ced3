import { log } from '@temporalio/activity';
import { alertFields, type Alert, type AlertVerdict } from '../../domain/monitoring/alert.ts';
import { SinkUnavailable } from '../../domain/errors.ts';
import { canarySource, noSource } from '../../domain/names.ts';
import { nothingSecret, type Redact } from '../../domain/secrets/redact.ts';
import { openAlerts, pendingAlerts, settleAlerts } from '../../store/alerts/alerts.ts';
import { unknownAlerts, type AlertView } from '../../store/alerts/alert-view.ts';
import type { Uses } from '../support/dependencies.ts';

/** What alerts are recorded with. */
export type AlertTools = Uses<'store' | 'keepAlert'>;

/** Opens and resolves alerts of a source, each with its log line. */
export async function recordAlerts(
  dependencies: AlertTools,
  source: string,
  verdicts: readonly AlertVerdict[],
  redact: Redact,
  known: AlertView = unknownAlerts,
): Promise<void> {
  const { store } = dependencies;
  const clean = cleanVerdicts(verdicts, redact);
  await keepUnlessStored(dependencies, source, clean, async () => {
    for (const alert of await settleAlerts(store, source, clean, new Date(), known)) {
      if (alert.state === 'open') log.warn('Alert', alertFields(alert));
      else log.info('Alert resolved', alertFields(alert));
    }
  });
}

/** Whether there are changes that the webhook has not accepted yet. */
export async function hasAlertsToSend(
  dependencies: Uses<'store' | 'config' | 'alertWebhook'>,
  source: string,
  known: AlertView = unknownAlerts,
): Promise<boolean> {
  if (dependencies.alertWebhook === null || !known.mayBePending(sentBy(dependencies, source))) return false;
  return (await alertsToSend(dependencies, source)).length > 0;
}

/** Alerts that work for a source has to send. */
export function alertsToSend(dependencies: Uses<'store' | 'config'>, source: string): Promise<Alert[]> {
  return pendingAlerts(dependencies.store, sentBy(dependencies, source));
}

/**
 * Whose alerts work for a source sends: its own, those of no source, and those of removed sources, which no run will send. For no
 * source: all.
 */
function sentBy({ config }: Uses<'config'>, source: string): (of: string) => boolean {
  let configured: Set<string> | null = null;
  const isConfigured = (of: string) => {
    configured ??= new Set(config.lastGood().sources.map(({ name }) => name));
    return configured.has(of);
  };
  return (of) => source === noSource || of === source || !isConfigured(of);
}

/** They concern stored data, which remains after its source is removed from the configuration. */
const fileAlerts: readonly string[] = ['store', 'journal', 'batch_gone'];

/**
 * Resolves the alerts of removed sources, which have no further runs. Damaged files need an operator, also those of removed
 * sources.
 */
export async function resolveOrphaned(dependencies: AlertTools & Uses<'config'>): Promise<void> {
  const { config, broken } = dependencies.config.current();
  // The last good configuration may know less than the one that is being written.
  if (broken) return;
  const known = new Set([noSource, canarySource, ...config.sources.map(({ name }) => name)]);
  for (const { name, source } of await openAlerts(dependencies.store)) {
    if (!known.has(source) && !fileAlerts.includes(name)) {
      await recordAlerts(dependencies, source, [{ name, message: null }], nothingSecret);
    }
  }
}

/** Does work that stores verdicts; what they open is kept in memory if the store cannot be written. The work still fails. */
export async function keepUnlessStored<T>(
  { store, keepAlert }: AlertTools,
  source: string,
  verdicts: readonly AlertVerdict[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SinkUnavailable)) throw error;
    const since = new Date().toISOString();
    // A store that cannot be written may still be read: alerts that are already open in it are not new.
    const known = new Set((await openAlerts(store, source).catch(() => [])).map(({ name }) => name));
    for (const { name, message } of verdicts) {
      if (message !== null && !known.has(name)) keepAlert({ name, source, state: 'open', since, message });
    }
    throw error;
  }
}

export function cleanVerdicts(verdicts: readonly AlertVerdict[], redact: Redact): AlertVerdict[] {
  return verdicts.map(({ name, message }) => ({ name, message: message === null ? null : redact(message) }));
}
