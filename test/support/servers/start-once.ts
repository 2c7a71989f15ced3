/** Something that several projects of one run use, and how it is stopped. */
interface Shared<T> {
  readonly value: Promise<{ readonly value: T; readonly stop: () => Promise<void> }>;
  users: number;
}

const shared = ((globalThis as Record<string, unknown>)['daybookTestServers'] ??= new Map()) as Map<
  string,
  Shared<unknown>
>;

/**
 * Starts something for the first project that wants it; the last one that no longer does stops it. Each project loads its setup
 * files again, so what they share hangs on the process.
 */
export async function startOnce<T>(
  name: string,
  start: () => Promise<{ readonly value: T; readonly stop: () => Promise<void> }>,
): Promise<{ readonly value: T; readonly stop: () => Promise<void> }> {
  let found = shared.get(name) as Shared<T> | undefined;
  if (!found) shared.set(name, (found = { value: start(), users: 0 }));
  const entry = found;
  entry.users++;
  const { value, stop } = await entry.value;
  return {
    value,
    async stop() {
      entry.users--;
      if (entry.users > 0) return;
      shared.delete(name);
      await stop();
    },
  };
}
