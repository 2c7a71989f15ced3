import { addDays } from '../../domain/time/day.ts';
import type { JournalSelection } from '../../domain/storage/journal.ts';
import { formatMicros } from '../../domain/time/timestamp.ts';
import { parseWindow } from '../../domain/time/time-range.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { Journal } from '../../store/journal/journal.ts';
import { journalOf } from '../../store/journal/open-journal.ts';
import { openStores } from '../../store/open-stores.ts';
import type { CommonOptions, Context } from './context.ts';
import { UsageError } from '../../domain/errors.ts';

/** Options that say which records of the journal are meant. */
export interface SelectionOptions extends CommonOptions {
  readonly source?: string;
  readonly day?: string;
  readonly from?: string;
  readonly to?: string;
  readonly archives?: boolean;
}

export function openJournal({ environment }: Context): Journal {
  return journalOf(openStores(environment));
}

/** @throws UsageError */
export async function readSelection(options: SelectionOptions, journal: Journal): Promise<JournalSelection> {
  const { source = null, archives = false } = options;
  if (source !== null && !archives) {
    const known = await journal.sources();
    if (!known.includes(source)) {
      throw new UsageError(
        `--source: ${journal.name} has no records of "${source}"; ${known.length === 0 ? 'it has none at all yet' : `its sources: ${known.join(', ')}`}`,
      );
    }
  }
  return { source, window: readWindow(options), archives };
}

/** @throws UsageError */
export function readWindow({ day, from, to }: SelectionOptions): TimeRangeText | null {
  if (day !== undefined) {
    if (from !== undefined || to !== undefined) throw new UsageError('--day cannot be combined with --from or --to');
    return windowOfDay(day);
  }
  if (from === undefined && to === undefined) return null;
  if (from === undefined || to === undefined) throw new UsageError('--from and --to must be given together');
  return textOf(from, to);
}

/** @throws UsageError if it is not a day */
export function windowOfDay(day: string): TimeRangeText {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(Date.parse(`${day}T00:00:00Z`));
  if (!isDay) throw new UsageError(`--day: found "${day}", expected a day such as 2026-11-01`);
  return textOf(day, addDays(day, 1));
}

function textOf(from: string, to: string): TimeRangeText {
  const parsed = parseWindow(from, to);
  if (!parsed.ok) throw new UsageError(parsed.why);
  return { from: formatMicros(parsed.window.from), to: formatMicros(parsed.window.to) };
}
