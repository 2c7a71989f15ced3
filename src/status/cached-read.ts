/** What was read, and when. */
export interface Read<T> {
  readonly value: T;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

export interface CachedReadOptions<T> {
  /** @param previous what was read last; a part that cannot be read now may stay as it was */
  readonly read: (previous: T | null) => Promise<T>;
  /** Called if reading failed; the earlier value stays. */
  readonly onError: (error: unknown) => void;
  readonly now?: () => number;
  /** How long a value is not read again. @default 10 s, and longer where reading takes long */
  readonly freshMs?: number | undefined;
}

/** A value younger than this is not read again. */
const defaultFreshMs = 10_000;
/** The largest share of time spent reading, however much there is to read. */
const shareOfTime = 1 / 20;

/** A value that is read from time to time: one reader at a time, and never so often that reading dominates. */
export class CachedRead<T> {
  readonly #options: CachedReadOptions<T>;
  readonly #now: () => number;
  #last: Read<T> | null = null;
  #underWay: Promise<void> | null = null;
  #nextMs = 0;

  constructor(options: CachedReadOptions<T>) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * The known value. Reads again if it is old, and waits a while for that; a slower read is available the next time.
   * @returns null if nothing was read yet
   */
  async latest(withinMs: number): Promise<Read<T> | null> {
    if (!this.#underWay && this.#now() >= this.#nextMs) {
      this.#underWay = this.#read().finally(() => (this.#underWay = null));
    }
    if (this.#underWay) await withTimeLimit(withinMs, this.#underWay);
    return this.#last;
  }

  async #read(): Promise<void> {
    const startedMs = this.#now();
    try {
      const value = await this.#options.read(this.#last?.value ?? null);
      this.#last = { value, atMs: this.#now() };
    } catch (error) {
      this.#options.onError(error);
    }
    const endedMs = this.#now();
    const { freshMs } = this.#options;
    this.#nextMs =
      freshMs === undefined
        ? Math.max(startedMs + defaultFreshMs, endedMs + (endedMs - startedMs) / shareOfTime)
        : endedMs + freshMs;
  }
}

async function withTimeLimit(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([work, timedOut]);
  clearTimeout(timer);
}
