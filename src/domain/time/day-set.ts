/** Day numbers as sorted, closed ranges: small in a workflow history however many days in a row there are. */
export type DayRanges = readonly (readonly [from: number, to: number])[];

/** The distinct days that a run has met, up to a limit. */
export class DaySet {
  readonly #days: Set<number>;

  constructor(ranges: DayRanges = []) {
    this.#days = new Set(
      ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index)),
    );
  }

  /** Adds a day unless it is new and `limit` days are already known; tells whether the day is in the set. */
  admit(day: number, limit: number): boolean {
    if (this.#days.has(day)) return true;
    if (this.#days.size >= limit) return false;
    this.#days.add(day);
    return true;
  }

  ranges(): DayRanges {
    const ranges: [number, number][] = [];
    for (const day of [...this.#days].sort((a, b) => a - b)) {
      const last = ranges.at(-1);
      if (last && last[1] + 1 === day) last[1] = day;
      else ranges.push([day, day]);
    }
    return ranges;
  }
}
