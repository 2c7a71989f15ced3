// npm run bench -- [WHAT] [options]: installs and builds what is missing, then measures. See docs/performance.md.
import { prepare } from './prepare.js';

const benches = {
  chain: async (args) => (await import('../bench/chain/chain.js')).benchChain(args),
  memory: async (args) => (await import('../bench/memory/memory.js')).benchMemory(args),
  polls: async (args) => (await import('../bench/polls/polls.js')).benchPolls(args),
  schedules: async (args) => (await import('../bench/schedules/schedules.js')).benchSchedules(args),
};

await prepare({ development: true });
const [what, ...rest] = process.argv.slice(2);
if (Object.hasOwn(benches, what)) await benches[what](rest);
else await import('../bench/main.js');
process.exit(process.exitCode ?? 0);
