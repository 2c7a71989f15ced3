/**
 * As `Promise.all`, but nothing is still under way when it rejects: what they all work with may be closed then.
 * @throws the first error
 */
export async function allSettled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
