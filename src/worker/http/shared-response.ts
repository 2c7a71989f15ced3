/** What was made is shown to all who ask within this time. */
const keptMs = 1_000;

/**
 * Something that is made once for all who ask at about the same time: however many ask, however often, it makes no more work.
 * What could not be made is told to all of them, too.
 */
export function shareResponse<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    if (made) return made;
    const making = make();
    made = making;
    const forget = () => void setTimeout(() => (made = null), keptMs).unref();
    making.then(forget, forget);
    return making;
  };
}
