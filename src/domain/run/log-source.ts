/** Where inputs name their source. Log lines have it from there, and failures are cleared of its secrets. */
export type NamesSource =
  Named | { readonly run: Named } | { readonly batch: Named } | { readonly receipt: Named } | { readonly unit: Named };

interface Named {
  readonly source: string;
}

/** The source that a workflow or an activity works for, from its input; null if it concerns none. */
export function sourceOfInput(input: unknown): string | null {
  const { source, run, batch, receipt, unit } = members(input);
  for (const name of [source, ...[run, batch, receipt, unit].map((member) => members(member)['source'])]) {
    if (typeof name === 'string') return name;
  }
  return null;
}

/** Attempts at the same step that another activity has made, from an activity's input. */
export function attemptsBeforeOf(input: unknown): number {
  const { attemptsBefore } = members(input);
  return typeof attemptsBefore === 'number' ? attemptsBefore : 0;
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
