/** What a run noticed and its user should know. The codes are public: docs/errors.md explains each. */
export const warningCodes = [
  'page_repeated',
  'paging_key_absent',
  'place_dropped',
  'page_beyond_end',
  'cursor_unreadable',
  'bad_bytes',
  'charset_overruled',
  'ambiguous_date',
  'time_fallback',
  'row_waits',
  'cell_without_value',
  'body_changed',
  'duplicate_id',
  'field_empty',
  'start_param_ignored',
  'not_ascending',
  'offset_limit',
  'records_unproved',
  'paginator_proposed',
  'arithmetic_path',
  'field_unknown',
  'kept_field_hidden',
  'cron_six_fields',
  'no_files',
  'files_unbound',
  'no_worker',
  'state_changed',
  'parent_replaced',
] as const;
export type WarningCode = (typeof warningCodes)[number];

/** A warning of a receipt. It never changes the outcome. */
export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
  /** How often it was noticed. */
  readonly count: number;
}

/** Maximum number of messages per code; the counts of further ones are added to the last. */
const maxMessages = 3;

/** Merged warnings of a run and of later steps, one per code and message. */
export function addWarnings(known: readonly Warning[], more: readonly Warning[]): readonly Warning[] {
  if (more.length === 0) return known;
  const sum = [...known];
  for (const warning of more) {
    const alike = sum.filter(({ code }) => code === warning.code);
    const same =
      alike.find(({ message }) => message === warning.message) ?? (alike.length < maxMessages ? null : alike.at(-1));
    if (same) sum[sum.indexOf(same)] = { ...same, count: same.count + warning.count };
    else sum.push(warning);
  }
  return sum;
}

/** A warning on one line. */
export function warningLine({ code, message, count }: Warning): string {
  return `warning ${code}: ${message}${count > 1 ? ` (${count} times)` : ''}`;
}
