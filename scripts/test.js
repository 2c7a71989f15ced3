// npm test: installs and builds what is missing, then runs the tests, but for the long faults, the executed documents and the
// store on S3, whose server has to be built; npm run test:all runs them as well. Arguments go to vitest.
import { prepare } from './prepare.js';
import { runTests } from './run-tests.js';

/** Projects of vitest.config.ts: what npm test runs, and what it leaves to npm run test:all. */
const usual = 'usual';
const rest = 'rest';

const args = process.argv.slice(2);
const take = (name) => args.includes(name) && args.splice(args.indexOf(name), 1).length > 0;
const projects = take('--all') ? [usual, rest] : take('--rest') ? [rest] : args.includes('--project') ? [] : [usual];
await prepare({ development: true });
process.exit(runTests(projects, args));
