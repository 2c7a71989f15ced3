import { hostname } from 'node:os';
import { shownPath } from '../../config/file/remote-files.ts';
import { noSource } from '../../domain/names.ts';
import type { Redact } from '../../domain/secrets/redact.ts';
import type { AlertView } from '../../store/alerts/alert-view.ts';
import { confirmAlert, readOpenAlert } from '../../store/alerts/alerts.ts';
import { recordAlerts, type AlertTools } from './record-alerts.ts';
import type { Uses } from '../support/dependencies.ts';
import { hasOtherWorkers } from '../support/other-workers.ts';

/** How long a silent worker may still have the broken file. */
const timeoutMs = 600_000;

/**
 * Opens and resolves the alert of the configuration, which is one for all workers. They may see different files: a worker whose
 * file is good leaves it open while another one has said within ten minutes that its own is broken.
 * @param message what is wrong with this worker's file; null = it is good
 * @param known what need not be read to be resolved
 */
export async function settleConfigAlert(
  dependencies: AlertTools & Uses<'config' | 'identity'>,
  message: string | null,
  redact: Redact,
  known: AlertView,
): Promise<void> {
  const { store, identity } = dependencies;
  const now = new Date();
  const file = `${hostname()}:${shownPath(dependencies.config.file)}`;
  if (message === null) {
    if (!known.mayBeOpen(noSource, 'config')) return;
    const open = await readOpenAlert(store, noSource, 'config');
    // Each poll passes here: mostly there is nothing to resolve.
    if (open === null) return;
    const by = open.confirmed;
    const isRecent = by !== undefined && by.file !== file && now.getTime() - Date.parse(by.at) < timeoutMs;
    if (isRecent && (await hasOtherWorkers(identity))) return;
  }
  await recordAlerts(dependencies, noSource, [{ name: 'config', message }], redact);
  if (message !== null) await confirmAlert(store, noSource, 'config', { file, at: now.toISOString() });
}
