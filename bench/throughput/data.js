// News-like records: ~650 bytes, 3 sources, 30 days in random order (the worst case for indexes), 5 % repeated ids.
// The same for the same size, on every machine.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

export const sources = ['alpha', 'beta', 'gamma'];
const days = 30;
const repeats = 0.05;
const firstDay = Date.UTC(2026, 0, 1);

const words =
  'market rally bond yields falls rises company earnings beat miss central bank rate hike pause oil gold tech shares index futures trader analyst quarter outlook guidance merger deal'.split(
    ' ',
  );

/** Writes one file of JSON lines a source; returns how many distinct keys they hold in all. */
export async function writeData(records, fileOf) {
  const random = generator(20260101);
  const distinct = new Set();
  for (const source of sources) {
    const file = createWriteStream(fileOf(source));
    const count = Math.floor(records / sources.length);
    for (let n = 0; n < count; n++) {
      const number = n > 0 && random() < repeats ? Math.floor(random() * n) : n;
      const id = `${source}-${String(number).padStart(8, '0')}`;
      distinct.add(id);
      if (!file.write(`${JSON.stringify(item(id, random))}\n`)) await once(file, 'drain');
    }
    file.end();
    await once(file, 'finish');
  }
  return distinct.size;
}

function item(id, random) {
  const text = (count) => Array.from({ length: count }, () => words[Math.floor(random() * words.length)]).join(' ');
  return {
    id,
    published_at: new Date(firstDay + Math.floor(random() * days * 86_400_000)).toISOString(),
    title: text(9),
    body: text(68),
    tickers: [`T${Math.floor(random() * 500)}`, `T${Math.floor(random() * 500)}`],
    sentiment: Math.round(random() * 2_000 - 1_000) / 1_000,
    lang: 'en',
  };
}

/** mulberry32. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
