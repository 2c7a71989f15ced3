/** A pass yields after this long: other sources wait for theirs. */
const maxPassMs = 60_000;
/** After this many refusals in a row the sink may refuse everything. */
const suspiciousRefusals = 3;
/** Then a pass continues only for this long without a delivery: the next one begins where it stopped. */
const fruitlessMs = 15_000;

/** What this worker remembers of deferred batches: when they were tried last, by their markers' paths. */
export class TriedBatches {
  readonly #triedAt = new Map<string, Map<string, number>>();

  /**
   * Starts a pass through the batches of a delivery.
   * @param paths of their markers, the oldest first
   */
  begin(delivery: string, paths: readonly string[], now: number): DeliveryPass {
    const waiting = new Set(paths);
    const before = [...(this.#triedAt.get(delivery) ?? [])].filter(([path]) => waiting.has(path));
    const triedAt = new Map(before);
    if (paths.length === 0) this.#triedAt.delete(delivery);
    else this.#triedAt.set(delivery, triedAt);
    return new DeliveryPass(paths, triedAt, now);
  }
}

/**
 * A pass through deferred batches. Its order and duration make sure that no batch waits for others that are repeatedly refused, and
 * that a sink which refuses everything is not called endlessly.
 */
export class DeliveryPass {
  readonly #triedAt: Map<string, number>;
  /** Not tried yet, the oldest first. */
  readonly #fresh: string[];
  /** Tried before, the one tried longest ago first. */
  readonly #again: string[];
  readonly #startedAt: number;
  #lastSuccess: number;
  #inSuccession = 0;

  constructor(paths: readonly string[], triedAt: Map<string, number>, now: number) {
    this.#triedAt = triedAt;
    this.#fresh = paths.filter((path) => !triedAt.has(path));
    this.#again = paths
      .filter((path) => triedAt.has(path))
      .toSorted((a, b) => (triedAt.get(a) ?? 0) - (triedAt.get(b) ?? 0));
    this.#startedAt = now;
    this.#lastSuccess = now;
  }

  /** The marker's path of the batch to try now; null if the pass is over. */
  next(now: number): string | null {
    if (this.#isLongEnough(now)) return null;
    // After some refusals the newest may be accepted rather than the oldest.
    const fromEnd = this.#inSuccession >= suspiciousRefusals && this.#inSuccession % 2 === 1;
    const path = (fromEnd ? this.#fresh.pop() : this.#fresh.shift()) ?? this.#again.shift() ?? null;
    // Noted before it is tried: it may take longer than its attempt has.
    if (path !== null) this.#triedAt.set(path, now);
    return path;
  }

  /** Whether all batches have been tried. */
  get isComplete(): boolean {
    return this.#fresh.length === 0 && this.#again.length === 0;
  }

  delivered(now: number): void {
    this.#lastSuccess = now;
    this.#inSuccession = 0;
  }

  refused(): void {
    this.#inSuccession++;
  }

  #isLongEnough(now: number): boolean {
    const isFruitless = this.#inSuccession >= suspiciousRefusals && now - this.#lastSuccess > fruitlessMs;
    return isFruitless || now - this.#startedAt > maxPassMs;
  }
}
