import { createGate, type Gate } from './latch.ts';
import type { Origin } from './origin.ts';

/** Serves pages by their numbers, and holds page 2 back until the gate opens; `reached` opens once it is asked for. */
export function gatePages(origin: Origin, bodyOf: (page: number) => string): { gate: Gate; reached: Gate } {
  const gate = createGate();
  const reached = createGate();
  origin.answer(async (url, response) => {
    const page = Number(url.searchParams.get('page'));
    if (page === 2) {
      reached.open();
      await gate.opened;
    }
    response.end(bodyOf(page));
  });
  return { gate, reached };
}
