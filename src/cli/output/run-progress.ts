import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { withTimeout } from '../../formats/timeout.ts';
import { waitOf, type RunWait } from '../../status/run-waits.ts';
import type { Progress as RunProgress } from '../../workflows/messages.ts';
import { ProgressLine } from './terminal/progress.ts';

/** A shorter run is not queried for what it waits for. */
const timeoutMs = 3_000;
const everyMs = 2_000;
const answerMs = 5_000;
/** Runs that are asked at a time. */
const maxAsked = 20;

type Handle = Pick<WorkflowHandle, 'describe' | 'query'>;

/** Says, while runs take long, what they wait for and since when. */
export class RunsUnderWay {
  readonly #line = new ProgressLine();
  readonly #open = new Map<string, { readonly handle: Handle; readonly sinceMs: number }>();
  readonly #waits = new Waits();
  readonly #over = new AbortController();
  #total = 0;
  #watching: Promise<void> | null = null;

  began(source: string, handle: Handle): void {
    this.#open.set(source, { handle, sinceMs: Date.now() });
    this.#total++;
    this.#watching ??= this.#watch();
  }

  /** What is informed of it afterwards is on lines of its own. */
  ended(source: string): void {
    this.#open.delete(source);
    this.#line.end();
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#over;
    for (;;) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return this.#line.end();
      const text = this.#waits.text(await this.#ask(), new Date());
      const isMany = this.#total > 1;
      const done = this.#total - this.#open.size;
      if (text !== null) this.#line.show({ text, done, total: isMany ? this.#total : null });
    }
  }

  async #ask(): Promise<ReadonlyMap<string, RunWait>> {
    const long = [...this.#open].filter(([, { sinceMs }]) => Date.now() - sinceMs > timeoutMs);
    const waits = new Map<string, RunWait>();
    const ask = async (source: string, handle: Handle) => {
      const progress = () => withTimeout(answerMs, handle.query<RunProgress>('progress')).catch(() => null);
      const wait = await withTimeout(answerMs, waitOf(handle, progress)).catch(() => temporalIsAway);
      if (wait && this.#open.has(source)) waits.set(source, wait);
    };
    await Promise.all(long.slice(0, maxAsked).map(([source, { handle }]) => ask(source, handle)));
    return waits;
  }
}

const temporalIsAway: RunWait = { on: 'Temporal', reason: null, until: null };
const maxListed = 3;

/** What runs wait for, and since when each of that was seen. */
export class Waits {
  readonly #since = new Map<string, Date>();

  /** In words; null if none waits. @param waits by source */
  text(waits: ReadonlyMap<string, RunWait>, now: Date): string | null {
    const parts = new Map<string, { readonly sources: string[]; readonly wait: RunWait }>();
    for (const [source, wait] of waits) {
      const part = parts.get(wait.on) ?? { sources: [], wait };
      part.sources.push(source);
      parts.set(wait.on, part);
    }
    for (const on of this.#since.keys()) if (!parts.has(on)) this.#since.delete(on);
    if (parts.size === 0) return null;
    const texts = [...parts].map(([on, { sources, wait }]) => {
      const since = this.#since.get(on) ?? now;
      this.#since.set(on, since);
      const until = wait.until === null ? '' : ` until ${time(new Date(wait.until))}`;
      const more = sources.length > maxListed ? ` and ${sources.length - maxListed} more` : '';
      const why = wait.reason === null ? '' : ` (${wait.reason})`;
      return `waiting for ${on} since ${time(since)}${until}: ${sources.slice(0, maxListed).join(', ')}${more}${why}`;
    });
    return texts.join('; ');
  }
}

function time(date: Date): string {
  return `${date.toISOString().slice(11, 19)}Z`;
}
