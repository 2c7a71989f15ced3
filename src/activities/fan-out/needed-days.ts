import { addDays, dayOfDate } from '../../domain/time/day.ts';
import { nothingSecret } from '../../domain/secrets/redact.ts';
import { PassedDays } from '../../store/fan-out/passed-days.ts';
import type { JournalDay, SourceDay } from '../../store/journal/journal-file.ts';
import { recordAlerts, type AlertTools } from '../alerts/record-alerts.ts';
import type { Uses } from '../support/dependencies.ts';

type NeededDaysTools = AlertTools & Uses<'config' | 'journal' | 'fanOut'>;

/** Days that a source is behind before that is an alert. */
const alertDays = 7;

/** Days of the journal that a `for_each` has not passed yet: their parts are neither sealed nor deleted. */
export class NeededDays {
  readonly #dependencies: NeededDaysTools;
  readonly #passed: PassedDays;
  readonly #children = new Map<string, string[]>();
  readonly #kept = new Map<string, SourceDay>();
  /** By source: the days that it has not passed. */
  readonly #behind = new Map<string, Map<string, SourceDay>>();

  constructor(dependencies: NeededDaysTools) {
    const { store, fanOut, config } = dependencies;
    this.#dependencies = dependencies;
    for (const source of config.current().config.sources) {
      const parent = 'for_each' in source ? source.for_each?.source : undefined;
      if (parent === undefined) continue;
      this.#children.set(parent, [...(this.#children.get(parent) ?? []), source.name]);
      this.#behind.set(source.name, new Map());
    }
    this.#passed = new PassedDays(store, fanOut, this.#children);
  }

  /** Those that are kept. */
  get kept(): readonly SourceDay[] {
    return [...this.#kept.values()];
  }

  /** The days that no source needs: of their parts, or of what is sealed as well. */
  async without(days: readonly SourceDay[], of: 'parts' | 'sealed'): Promise<SourceDay[]> {
    const free: SourceDay[] = [];
    for (const one of days) {
      const isAsked = this.#children.has(one.source);
      const behind = isAsked ? await this.#behindOf(one, of) : [];
      if (behind.length === 0) free.push(one);
      else this.#note(one, behind);
    }
    return free;
  }

  /** A part that came since the day was looked at is not passed yet. */
  async mayMerge(day: JournalDay): Promise<boolean> {
    const behind = await this.#passed.behind(day, 'parts');
    if (behind.length > 0) this.#note(day, behind);
    return behind.length === 0;
  }

  /** Opens an alert for each source that is far behind, and resolves those of others. */
  async recordAlerts(now: Date): Promise<void> {
    const limit = addDays(dayOfDate(now), -alertDays);
    for (const [child, days] of this.#behind) {
      const late = [...days.values()].filter(({ day }) => day < limit).sort((a, b) => (a.day < b.day ? -1 : 1));
      const [oldest] = late;
      const message = oldest
        ? `${child} has not passed ${late.length} days of ${oldest.source} that are older than ${alertDays} days, the oldest is ${oldest.day}: they are neither sealed nor deleted; run ${child}, or remove its for_each`
        : null;
      await recordAlerts(this.#dependencies, child, [{ name: 'for_each_behind', message }], nothingSecret);
    }
  }

  async #behindOf({ source, day }: SourceDay, of: 'parts' | 'sealed'): Promise<string[]> {
    return this.#passed.behind(await this.#dependencies.journal.day(source, day), of);
  }

  #note({ source, day }: SourceDay, behind: readonly string[]): void {
    const name = `${source} ${day}`;
    this.#kept.set(name, { source, day });
    for (const child of behind) this.#behind.get(child)?.set(name, { source, day });
  }
}
