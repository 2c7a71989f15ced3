/** Sources that are remembered. */
const maxSources = 10_000;
/** How long a source counts as costly after it was. */
const costlyForMs = 10 * 60_000;

/** What jobs of sources took: a guess at what their next ones will. */
export class SourceCosts {
  /** Until when a source counts as costly; 0 = it was quick. */
  readonly #costlyUntilMs = new Map<string, number>();

  isCostly(source: string): boolean {
    return (this.#costlyUntilMs.get(source) ?? 0) > Date.now();
  }

  isQuick(source: string): boolean {
    return this.#costlyUntilMs.get(source) === 0;
  }

  wasQuick(source: string): void {
    this.#remember(source, 0);
  }

  wasCostly(source: string): void {
    this.#remember(source, Date.now() + costlyForMs);
  }

  #remember(source: string, untilMs: number): void {
    this.#costlyUntilMs.delete(source);
    this.#costlyUntilMs.set(source, untilMs);
    const [oldest] = this.#costlyUntilMs.keys();
    if (this.#costlyUntilMs.size > maxSources && oldest !== undefined) this.#costlyUntilMs.delete(oldest);
  }
}
