/**
 * Works on items, some of them at once.
 * @throws the first error, once all that was begun is over: shared resources may be closed then
 */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  let next = 0;
  const take = async () => {
    while (next < items.length && errors.length === 0) {
      try {
        await work(items[next++] as T);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, take));
  if (errors.length > 0) throw errors[0];
}
