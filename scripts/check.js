// npm run check: everything that is checked without running the product.
import { misplacedClientCalls } from './client-calls.js';
import { prepare } from './prepare.js';
import { runPackage } from './run-step.js';
import { avoidedWords } from './words/words.js';

/** @type {readonly [what: string, name: string, bin: string, args: string[]][]} */
const checks = [
  ['types', 'typescript', 'tsc', ['-p', '.']],
  ['lint, including which folder may import which', 'oxlint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['format', 'prettier', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['dead code', 'knip', 'knip', ['--no-progress']],
];

await prepare({ development: true });
let failed = 0;
for (const [what, name, bin, args] of checks) {
  const code = runPackage(name, bin, args);
  report(what, code === 0);
}
const calls = misplacedClientCalls();
for (const call of calls) process.stdout.write(`${call}, expected calls of the Temporal client in src/temporal\n`);
report('calls of the Temporal client', calls.length === 0);
const words = avoidedWords();
for (const word of words) process.stdout.write(`${word}\n`);
report('words that the glossary avoids', words.length === 0);
process.exit(failed === 0 ? 0 : 1);

function report(what, isGood) {
  process.stdout.write(`${isGood ? 'ok    ' : 'FAILED'} ${what}\n`);
  if (!isGood) failed++;
}
