import type { Client } from '@temporalio/client';
import type { ConfigFile } from '../../config/file/config-file.ts';
import { alertFields } from '../../domain/monitoring/alert.ts';
import { messageOf } from '../../domain/errors.ts';
import type { Instance } from '../../domain/instance.ts';
import { noSource } from '../../domain/names.ts';
import { sourcesByLabel } from '../../domain/plan/label.ts';
import { noWorkerText } from '../../domain/plan/placement.ts';
import { confirmAlert, markNotified, pendingAlerts, readOpenAlert, settleAlerts } from '../../store/alerts/alerts.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { labelPollers } from '../../temporal/label-pollers.ts';
import type { AlertWebhook } from '../alert-webhook.ts';
import type { Logger } from '../logger.ts';

interface LabelWatchOptions {
  readonly config: ConfigFile;
  readonly store: BlobStore;
  readonly client: Client;
  readonly instance: Instance;
  /** Of this worker. */
  readonly identity: string;
  readonly webhook: AlertWebhook | null;
  readonly logger: Logger;
}

/** How often queues are looked at. */
const lookMs = 20_000;
/** A label without a worker for so long is worth an alert: a restart takes less. */
const missingMs = 60_000;
/** The alert of a worker that no longer confirms it: it has stopped, or has another configuration now. */
const staleMs = 150_000;
const postMs = 10_000;

/**
 * Opens the alert `no_worker` while no worker polls the queue of a label that a source runs on, and resolves it. It is one for all
 * workers and labels. Workers may have different configurations: one that misses nothing leaves it open while another confirms it.
 */
export class LabelWatch {
  readonly #options: LabelWatchOptions;
  /** When a label was first found without a worker. */
  readonly #missingSinceMs = new Map<string, number>();
  /** When the store was last asked for the alert, and did not have it open. */
  #closedAtMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;

  constructor(options: LabelWatchOptions) {
    this.#options = options;
  }

  /** @param everyMs shorter in tests */
  start(everyMs = lookMs): void {
    this.#timer = setInterval(() => void this.look(), everyMs);
    this.#timer.unref();
    void this.look();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Looks once. Never throws: an unavailable server or store is looked at again. */
  async look(now = new Date()): Promise<void> {
    this.#looking ??= this.#look(now)
      .catch((error: unknown) => this.#options.logger.debug({ error: messageOf(error) }, 'Labels cannot be watched'))
      .finally(() => (this.#looking = null));
    await this.#looking;
  }

  async #look(now: Date): Promise<void> {
    const { config, client, instance } = this.#options;
    const labels = sourcesByLabel(config.current().config.sources);
    const polled = await labelPollers(client, instance, [...labels.keys()]);
    for (const label of this.#missingSinceMs.keys()) if (!labels.has(label)) this.#missingSinceMs.delete(label);
    for (const [label, pollers] of polled) {
      if (pollers.length > 0) this.#missingSinceMs.delete(label);
      else if (!this.#missingSinceMs.has(label)) this.#missingSinceMs.set(label, now.getTime());
    }
    const missing = [...labels].filter(
      ([label]) => now.getTime() - (this.#missingSinceMs.get(label) ?? Infinity) >= missingMs,
    );
    const message =
      missing.length === 0 ? null : missing.map(([label, names]) => noWorkerText(label, names)).join('; ');
    await this.#settle(message, now);
  }

  async #settle(message: string | null, now: Date): Promise<void> {
    const { store, identity } = this.#options;
    if (message === null && now.getTime() - this.#closedAtMs < staleMs) return;
    const open = await readOpenAlert(store, noSource, 'no_worker');
    if (message === null) {
      if (open === null) {
        this.#closedAtMs = now.getTime();
        return;
      }
      const by = open.confirmed;
      if (by !== undefined && by.file !== identity && now.getTime() - Date.parse(by.at) < staleMs) return;
    } else this.#closedAtMs = -Infinity;
    // Another label is missing now: a new alert says so.
    if (open !== null && message !== null && open.message !== message) await this.#record(null, now);
    await this.#record(message, now);
    if (message !== null) await confirmAlert(store, noSource, 'no_worker', { file: identity, at: now.toISOString() });
    await this.#send();
  }

  async #record(message: string | null, now: Date): Promise<void> {
    const { store, logger } = this.#options;
    for (const alert of await settleAlerts(store, noSource, [{ name: 'no_worker', message }], now)) {
      if (alert.state === 'open') logger.warn(alertFields(alert), 'Alert');
      else logger.info(alertFields(alert), 'Alert resolved');
    }
  }

  /** At once: no run may come that sends it. What the webhook does not accept is sent by the next look, or the next run of any source. */
  async #send(): Promise<void> {
    const { store, webhook, logger } = this.#options;
    if (webhook === null) return;
    const pending = await pendingAlerts(store, (source) => source === noSource);
    for (const alert of pending.filter(({ name }) => name === 'no_worker')) {
      try {
        await webhook(alert, AbortSignal.timeout(postMs));
      } catch (error) {
        logger.warn({ error: messageOf(error) }, 'Alert webhook rejected an alert');
        return;
      }
      await markNotified(store, alert);
    }
  }
}
