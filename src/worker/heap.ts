import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 collect the old generation when it has grown by half, instead of up to four times: batches live long enough to get there,
 * and are garbage a moment later. See docs/performance.md.
 */
const oldGeneration = '--heap-growing-percent=50';

/** The default of Node.js: threads begun from here on do not inherit the main thread's larger young generation. */
const youngGenerationOfThreads = '--max-semi-space-size=16';

/** Keeps the memory of a worker's process small. To be called before it starts threads. */
export function tuneHeap(): void {
  setFlagsFromString(oldGeneration);
  setFlagsFromString(youngGenerationOfThreads);
}
