// Records for runs of any length: none repeats, and none is kept while they are written.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

const days = 30;
const text =
  'market rally bond yields falls rises company earnings beat miss central bank rate hike pause oil gold tech shares '.repeat(
    4,
  );

export async function writeRecords(path, count) {
  const file = createWriteStream(path);
  const firstMs = Date.now() - days * 86_400_000;
  for (let n = 0; n < count; n++) {
    if (!file.write(`${JSON.stringify(recordOf(n, firstMs))}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

function recordOf(number, firstMs) {
  // A prime step visits the days in no order, as archives do.
  const at = new Date(firstMs + ((number * 7_919_777) % (days * 86_400_000))).toISOString();
  return {
    id: `record-${String(number).padStart(9, '0')}`,
    at,
    title: text.slice(0, 60),
    body: text,
    tags: ['a', 'b'],
  };
}
