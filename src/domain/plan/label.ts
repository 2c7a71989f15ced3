/** What a label of workers may be called: part of the name of a task queue. */
export const labelPattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** The task queue of the workers with a label. No instance has a queue with a dot in its name. */
export function labelQueue(taskQueue: string, label: string): string {
  return `${taskQueue}.${label}`;
}

/** Labels that sources run on, with the names of those sources, in order. */
export function sourcesByLabel(
  sources: readonly { readonly name: string; readonly runs_on?: string | undefined }[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { name, runs_on: label } of sources) {
    if (label !== undefined) found.set(label, [...(found.get(label) ?? []), name]);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
