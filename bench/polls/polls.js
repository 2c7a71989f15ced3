// npm run bench -- polls [--rounds 5] [--case NAME] [--against REV] [--json]: what a poll costs, in time, processor time and actions, beside a
// workflow that does nothing. Each round measures every case once, of each revision in turn.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertKnown, has, numberOf, textOf } from '../support/arguments.js';
import { LoadWatch, machine } from '../support/machine.js';
import { withRevisions } from '../support/revisions.js';
import { say } from '../support/say.js';
import { bundleBare } from './bare.js';
import { cases } from './cases.js';
import { bareCase, PolledProduct } from './polled-product.js';
import { reportPolls, resultsOf } from './report.js';

const idleSeconds = 5;

/** @param args what follows `polls` on the command line */
export async function benchPolls(args) {
  assertKnown(args, ['--rounds', '--case', '--against', '--json']);
  const wanted = chosenCases(textOf(args, '--case'));
  const rounds = numberOf(args, '--rounds', 5);
  const result = await withRevisions(args, say, (revisions) => measureRevisions(revisions, rounds, wanted));
  reportPolls(result, say);
  if (has(args, '--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
}

function chosenCases(name) {
  if (name === null) return cases;
  const chosen = cases.filter((one) => one.name === name);
  if (chosen.length > 0) return chosen;
  throw new Error(`bench: found --case ${name}, expected one of ${cases.map((one) => one.name).join(', ')}`);
}

async function measureRevisions(revisions, rounds, wanted) {
  const folder = mkdtempSync(join(tmpdir(), 'daybook-bench-'));
  const products = [];
  const load = new LoadWatch();
  try {
    const bundleFile = join(folder, 'bare.js');
    await bundleBare(bundleFile);
    for (const revision of revisions) {
      say(`starting ${revision.name} …`);
      products.push(await PolledProduct.start(revision, bundleFile));
    }
    const measured = await measureRounds(products, rounds, wanted, load);
    const results = [];
    for (const product of products) {
      const idle = await product.idle(idleSeconds);
      results.push({ revision: product.name, idle_cpu_ms_per_s: idle, cases: resultsOf(measured.get(product)) });
    }
    return { machine: machine(), load: load.text, rounds, revisions: results };
  } finally {
    for (const product of products) await product.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The measurements of each product by case. The first round warms up, and is not counted. */
async function measureRounds(products, rounds, wanted, load) {
  const measured = new Map(products.map((product) => [product, new Map()]));
  for (let round = 0; round <= rounds; round++) {
    for (const one of [bareCase, ...wanted]) {
      for (const product of round % 2 === 0 ? products : products.toReversed()) {
        const measurement = await product.measure(one);
        const byCase = measured.get(product);
        if (round > 0) byCase.set(one, [...(byCase.get(one) ?? []), measurement]);
      }
      load.note();
    }
    say(round === 0 ? 'warmed up' : `round ${round} of ${rounds}`);
  }
  return measured;
}
