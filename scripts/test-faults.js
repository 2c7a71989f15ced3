// npm run test:faults: one fault after the other against a real stack, and a soak of random ones. `--long` takes those that need
// minutes as well; `--seed N` repeats a run; `--minutes N` is how long the soak lasts. Other arguments go to vitest.
import { prepare } from './prepare.js';
import { runTests } from './run-tests.js';

const rest = [];
const args = process.argv.slice(2);
while (args.length > 0) {
  const argument = args.shift();
  if (argument === '--long') process.env.DAYBOOK_FAULTS_LONG = '1';
  else if (argument === '--seed') process.env.DAYBOOK_FAULTS_SEED = args.shift();
  else if (argument === '--minutes') process.env.DAYBOOK_FAULTS_MINUTES = args.shift();
  else rest.push(argument);
}
await prepare({ development: true });
process.exit(runTests(['faults-long'], rest));
