import { log } from '@temporalio/activity';
import { alertFields, type Alert, type AlertVerdict } from '../../domain/monitoring/alert.ts';
import { SinkUnavailable } from '../../domain/errors.ts';
import { canarySource, noSource } from '../../domain/names.ts';
import { nothingSecret, type Redact } from '../../domain/secrets/redact.ts';
import { openAlerts, pendingAlerts, settleAlerts } from '../../store/alerts/alerts.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';

/** Opens and resolves alerts of a source, each with its log line. */
export async function recordAlerts(
  dependencies: ActivityDependencies,
  source: string,
  verdicts: readonly AlertVerdict[],
  redact: Redact,
): Promise<void> {
  const { store } = dependencies;
  const clean = cleanVerdicts(verdicts, redact);
  await keepUnlessStored(dependencies, source, clean, async () => {
    for (const alert of await settleAlerts(store, source, clean, new Date())) {
      if (alert.state === 'open') log.warn('Alert', alertFields(alert));
      else log.info('Alert resolved', alertFields(alert));
    }
  });
}

/** Whether there are changes that the webhook has not taken yet. */
export async function hasAlertsToSend(dependencies: ActivityDependencies, source: string): Promise<boolean> {
  return dependencies.alertWebhook !== null && (await alertsToSend(dependencies, source)).length > 0;
}

/**
 * Alerts that whoever works for a source is to tell: its own, those of no source, and those of sources that are gone, of which
 * no run will ever tell. For no source: all.
 */
export async function alertsToSend(
  { store, config }: Pick<ActivityDependencies, 'store' | 'config'>,
  source: string,
): Promise<Alert[]> {
  const known = new Set(config.lastGood().sources.map(({ name }) => name));
  return pendingAlerts(store, (of) => source === noSource || of === source || !known.has(of));
}

/** They speak of what is stored, which is there after its source is gone from the configuration. */
const fileAlerts: readonly string[] = ['store', 'journal', 'batch_gone'];

/**
 * Resolves the alerts of sources that are gone from the configuration, of which no run will ever say anything. Damaged files
 * are seen to by somebody, also those of sources that are gone.
 */
export async function resolveOrphaned(dependencies: ActivityDependencies): Promise<void> {
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

/** Does work that stores verdicts; what they open is kept in memory where the store cannot take it. The work still fails. */
export async function keepUnlessStored<T>(
  { store, keepAlert }: ActivityDependencies,
  source: string,
  verdicts: readonly AlertVerdict[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SinkUnavailable)) throw error;
    const since = new Date().toISOString();
    // A store that cannot be written may still be read: what it says is open already is no news.
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
