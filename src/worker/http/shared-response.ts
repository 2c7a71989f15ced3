/** A response is reused for all requests within this time. */
const keptMs = 1_000;

/**
 * A value built once for all requests at about the same time: more requests are no more work. A failure is returned to all of them
 * too.
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
