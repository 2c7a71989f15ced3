import { alertFields, alertKey, type Alert } from '../../domain/monitoring/alert.ts';
import { messageOf } from '../../domain/errors.ts';
import type { AlertWebhook } from '../alert-webhook.ts';
import type { Logger } from '../logger.ts';

interface Held {
  readonly alert: Alert;
  /** Whether the webhook has taken it. */
  readonly isSent: boolean;
}

/** For a webhook to answer. */
const postMs = 10_000;

/**
 * Alerts that only this process knows, because the store cannot be written. Each is logged and posted as one that is stored, and
 * shown while it is open.
 */
export class AlertMemory {
  readonly #held = new Map<string, Held>();
  /** Resolved alerts that the webhook has yet to receive. */
  readonly #over = new Map<string, Alert>();
  readonly #logger: Logger;
  #webhook: AlertWebhook | null = null;
  #posting: Promise<void> | null = null;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param webhook null = none is configured */
  setWebhook(webhook: AlertWebhook | null): void {
    this.#webhook = webhook;
  }

  /** Keeps an alert. One that is open already stays, with the latest message. */
  open(alert: Alert): void {
    const key = alertKey(alert);
    const before = this.#held.get(key);
    if (before) {
      this.#held.set(key, { ...before, alert: { ...before.alert, message: alert.message } });
      return;
    }
    // One that reopens before its end was sent need not be sent again.
    const isSent = this.#over.delete(key);
    this.#held.set(key, { alert, isSent });
    this.#logger.warn(alertFields(alert), 'Alert');
  }

  /**
   * Ends an alert. If its opening was not sent, its end is not sent either.
   * @param stored the store's own of the same name, if that is open: it is sent last
   */
  resolve({ name, source }: Pick<Alert, 'name' | 'source'>, stored: Alert | null = null): void {
    const key = alertKey({ name, source });
    const held = this.#held.get(key);
    if (!held) return;
    this.#held.delete(key);
    const alert: Alert = { ...held.alert, state: 'resolved' };
    if (held.isSent) this.#over.set(key, stored ?? alert);
    this.#logger.info(alertFields(alert), 'Alert resolved');
  }

  /** Drops an alert silently: the store has it by now. */
  forget(alert: Pick<Alert, 'name' | 'source'>): void {
    this.#held.delete(alertKey(alert));
  }

  /** Those that are open, the oldest first. */
  all(): readonly Alert[] {
    return [...this.#held.values()].map(({ alert }) => alert).sort((a, b) => (a.since < b.since ? -1 : 1));
  }

  /** Sends pending changes to the webhook; those it does not accept are sent the next time. */
  async send(): Promise<void> {
    this.#posting ??= this.#post().finally(() => (this.#posting = null));
    await this.#posting;
  }

  async #post(): Promise<void> {
    if (!this.#webhook) return this.#over.clear();
    try {
      for (const [key, alert] of this.#over) {
        await this.#webhook(alert, AbortSignal.timeout(postMs));
        this.#over.delete(key);
      }
      for (const [key, { alert, isSent }] of this.#held) {
        if (isSent) continue;
        await this.#webhook(alert, AbortSignal.timeout(postMs));
        const held = this.#held.get(key);
        if (held) this.#held.set(key, { ...held, isSent: true });
        // It was resolved while it was being sent.
        else this.#over.set(key, { ...alert, state: 'resolved' });
      }
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, 'Alert webhook rejected an alert');
    }
  }
}
