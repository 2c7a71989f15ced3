import { createLatch, type Latch } from './latch.ts';
import type { Origin } from './servers/origin.ts';

/** Serves pages by number, and holds back page 2 until the latch opens; `reached` opens once it is requested. */
export function latchPages(origin: Origin, bodyOf: (page: number) => string): { latch: Latch; reached: Latch } {
  const latch = createLatch();
  const reached = createLatch();
  origin.answer(async (url, response) => {
    const page = Number(url.searchParams.get('page'));
    if (page === 2) {
      reached.open();
      await latch.opened;
    }
    response.end(bodyOf(page));
  });
  return { latch, reached };
}
