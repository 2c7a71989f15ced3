import { hostname } from 'node:os';
import { noSource } from '../../domain/names.ts';
import type { Redact } from '../../domain/secrets/redact.ts';
import { confirmAlert, readConfirmed } from '../../store/alerts/alerts.ts';
import { settleAndLog } from './record-alerts.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import { hasOtherWorkers } from '../support/other-workers.ts';

/** How long another worker that says nothing more may still have the file that is broken. */
const patienceMs = 600_000;

/**
 * Opens and resolves the alert of the configuration, which is one for all workers. They may see different files: a worker whose
 * file is good leaves it open while another one has said within ten minutes that its own is broken.
 * @param message what is wrong with this worker's file; null = it is good
 */
export async function settleConfigAlert(
  dependencies: ActivityDependencies,
  message: string | null,
  redact: Redact,
): Promise<void> {
  const { store, identity } = dependencies;
  const now = new Date();
  const file = `${hostname()}:${dependencies.config.file}`;
  if (message === null) {
    const by = await readConfirmed(store, noSource, 'config');
    const isRecent = by !== null && by.file !== file && now.getTime() - Date.parse(by.at) < patienceMs;
    if (isRecent && (await hasOtherWorkers(identity))) return;
  }
  await settleAndLog(dependencies, noSource, [{ name: 'config', message }], redact);
  if (message !== null)
    await confirmAlert(store, noSource, 'config', { worker: identity, file, at: now.toISOString() });
}
