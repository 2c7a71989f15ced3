import { condition, log, setHandler } from '@temporalio/workflow';
import { dateOfMicros, parseIso8601 } from '../../domain/time/timestamp.ts';
import { pauseSignal, resumeSignal } from '../messages.ts';
import type { Pause } from '../../domain/run/pause.ts';

/**
 * Whether a workflow is paused, by the signals `pause` and `resume`. The handlers are synchronous and never throw: an error in a
 * handler would block or fail the workflow.
 */
export class PauseState {
  #pause: Pause | null;
  readonly #onChange: () => void;

  constructor(pause: Pause | null, onChange: () => void) {
    this.#pause = pause;
    this.#onChange = onChange;
    setHandler(pauseSignal, (payload) => {
      this.set(payload);
      if (this.#pause) log.info('Paused', { ...this.#pause });
    });
    setHandler(resumeSignal, (payload) => {
      log.info('Resumed', { by: textField(payload, 'by') });
      this.#set(null);
    });
  }

  get current(): Pause | null {
    return this.#pause;
  }

  /** Pauses as the signal does; never throws. */
  set(payload: unknown): void {
    this.#set(readPause(payload, new Date()));
  }

  /** Resolves once nothing is paused, or the time of the pause is over. */
  async resumed(): Promise<void> {
    for (let pause = this.#pause; pause !== null; pause = this.#pause) {
      const waited = pause;
      const left = waited.until === null ? null : Date.parse(waited.until) - Date.now();
      const changed = () => this.#pause !== waited;
      if (left === null) await condition(changed);
      else if (left <= 0 || !(await condition(changed, left))) this.#set(null);
    }
  }

  #set(pause: Pause | null | 'ignored'): void {
    if (pause === 'ignored') return;
    this.#pause = pause;
    this.#onChange();
  }
}

/** A payload of the signal as it is meant; what cannot be read is left out, with a warning. */
function readPause(payload: unknown, now: Date): Pause | 'ignored' {
  const until = field(payload, 'until') ?? null;
  const untilMs = until === null ? null : readTime(until);
  if (untilMs !== null && Number.isNaN(untilMs)) {
    log.warn('Pause has an invalid `until`; it has no end', { until: JSON.stringify(until).slice(0, 100) });
  } else if (untilMs !== null && untilMs <= now.getTime()) {
    log.warn('Pause already over, ignored', { until });
    return 'ignored';
  }
  return {
    by: textField(payload, 'by'),
    reason: textField(payload, 'reason'),
    until: untilMs === null || Number.isNaN(untilMs) ? null : new Date(untilMs).toISOString(),
    since: now.toISOString(),
  };
}

/** Milliseconds since 1970, NaN for what is not a time; a time without zone is UTC, whatever the worker's own is. */
function readTime(value: unknown): number {
  const time = typeof value === 'string' ? parseIso8601(value) : null;
  return time?.ok ? dateOfMicros(time.micros).getTime() : Number.NaN;
}

function textField(payload: unknown, name: string): string | null {
  const value = field(payload, name);
  return typeof value === 'string' ? value.slice(0, 1_000) : null;
}

function field(payload: unknown, name: string): unknown {
  return typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>)[name] : undefined;
}

/** A pause in words, for the Web UI. */
export function pauseNote({ by, reason, until, since }: Pause): string {
  const parts = [`Paused since ${since}`, by && `by ${by}`, until && `until ${until}`, reason && `: ${reason}`];
  return parts.filter(Boolean).join(' ').replace(' :', ':');
}
