import { setCurrentDetails } from '@temporalio/workflow';
import type { Tally } from '../../domain/run/receipt.ts';
import { receiptTable } from '../../domain/run/receipt-table.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { Progress } from '../messages.ts';
import { pauseNote, type PauseState } from '../support/pause.ts';
import { Waits } from '../support/waits.ts';

/** What a run has done so far. */
export interface RunSoFar {
  readonly tally: Tally;
  /** Batches on their way to the sinks. */
  readonly inFlight: number;
  readonly watermark: string | null;
  readonly warnings: readonly Warning[];
}

/** What a run shows while it is open: its details in the Web UI, and the answer to the query `progress`. */
export class RunDisplay {
  readonly #source: string;
  readonly #pause: PauseState;
  readonly #soFar: () => RunSoFar;
  readonly #waits = new Waits();
  #phase: Progress['phase'] = 'fetching';
  /** Why the run is currently waiting. */
  #note: string | null = null;

  constructor(source: string, pause: PauseState, soFar: () => RunSoFar) {
    this.#source = source;
    this.#pause = pause;
    this.#soFar = soFar;
  }

  /** Shows the receipt so far. */
  show(): void {
    const { tally, watermark, warnings } = this.#soFar();
    const note = this.#pause.current ? pauseNote(this.#pause.current) : this.#note;
    setCurrentDetails(receiptTable(tally, { source: this.#source, phase: this.#phase, note, watermark, warnings }));
  }

  /** @param note why the run waits in this phase */
  enter(phase: Progress['phase'], note: string | null = null): void {
    this.#note = note;
    this.#phase = phase;
    this.show();
  }

  /** Notes what the run waits for. @returns `ms` */
  beginWait(what: string, reason: string | null, ms: number): number {
    return this.#waits.begin(what, reason, ms);
  }

  endWait(): void {
    this.#waits.end();
  }

  progress(): Progress {
    const { tally, inFlight, watermark } = this.#soFar();
    return {
      source: this.#source,
      phase: this.#phase,
      paused: this.#pause.current,
      counts: tally,
      inFlight,
      watermark,
      waits: this.#waits.current,
    };
  }
}
