// npm run bench -- polls [--rounds 5] [--against REV] [--json]: what a poll costs, in time, processor time and actions, beside a
// workflow that does nothing. Each round measures every case once, of each revision in turn.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertKnown, has, numberOf, textOf } from '../support/arguments.js';
import { LoadWatch, machine } from '../support/machine.js';
import { checkOut, ownRevision, ownRoot } from '../support/revision.js';
import { bundleBare } from './bare.js';
import { cases } from './cases.js';
import { bareCase, PolledProduct } from './polled-product.js';
import { reportPolls, resultsOf } from './report.js';

const say = (message) => process.stderr.write(`${message}\n`);
const idleSeconds = 5;

/** @param args what follows `polls` on the command line */
export async function benchPolls(args) {
  assertKnown(args, ['--rounds', '--against', '--json']);
  const rounds = numberOf(args, '--rounds', 5);
  const against = textOf(args, '--against');
  const folder = mkdtempSync(join(tmpdir(), 'daybook-bench-'));
  const other = against === null ? null : checkOut(against, say);
  const products = [];
  const load = new LoadWatch();
  try {
    const bundleFile = join(folder, 'bare.js');
    await bundleBare(bundleFile);
    const revisions = [
      ...(other ? [{ name: other.name, root: other.root }] : []),
      { name: ownRevision(), root: ownRoot },
    ];
    for (const revision of revisions) {
      say(`starting ${revision.name} …`);
      products.push(await PolledProduct.start(revision, bundleFile));
    }
    const measured = await measureRounds(products, rounds, load);
    const idle = new Map();
    for (const product of products) idle.set(product, await product.idle(idleSeconds));
    const revisionResults = products.map((product) => ({
      revision: product.name,
      idle_cpu_ms_per_s: idle.get(product),
      cases: resultsOf(measured.get(product)),
    }));
    reportPolls(revisionResults, { rounds, load: load.text }, say);
    const result = { machine: machine(), load: load.text, rounds, revisions: revisionResults };
    if (has(args, '--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    for (const product of products) await product.stop();
    other?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The measurements of each product by case. The first round warms up, and is not counted. */
async function measureRounds(products, rounds, load) {
  const measured = new Map(products.map((product) => [product, new Map()]));
  for (let round = 0; round <= rounds; round++) {
    for (const one of [bareCase, ...cases]) {
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
