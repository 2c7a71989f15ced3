// npm test: installs and builds what is missing, then runs the tests. Arguments go to vitest.
import { prepare } from './prepare.js';
import { runPackage } from './run-step.js';

await prepare({ development: true });
process.exit(runPackage('vitest', 'vitest', ['run', ...process.argv.slice(2)]));
