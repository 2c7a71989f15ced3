// npm test: installs and builds what is missing, then runs the tests, but for the long faults, the executed documents and the
// store on S3, whose server has to be built; npm run test:all runs them as well. Arguments go to vitest.
import { prepare } from './prepare.js';
import { runPackage } from './run-step.js';

const usual = ['unit', 'replay', 'postgres', 'temporal', 'cli', 'faults'];
/** What npm test leaves to npm run test:all, or all that is run where `--rest` is given. */
const rest = ['faults-long', 'documents', 's3'];

const args = process.argv.slice(2);
const take = (name) => args.includes(name) && args.splice(args.indexOf(name), 1).length > 0;
const projects = take('--all') ? [] : take('--rest') ? rest : args.includes('--project') ? [] : usual;
await prepare({ development: true });
process.exit(runPackage('vitest', 'vitest', ['run', ...projects.flatMap((name) => ['--project', name]), ...args]));
