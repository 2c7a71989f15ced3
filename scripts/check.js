// npm run check: everything that is checked without running the product.
import { prepare } from './prepare.js';
import { runPackage } from './run-step.js';

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
  process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${what}\n`);
  if (code !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
