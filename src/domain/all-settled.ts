/**
 * Like `Promise.all`, but nothing is still running when it rejects: shared resources may be closed then.
 * @throws the first error
 */
export async function allSettled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
