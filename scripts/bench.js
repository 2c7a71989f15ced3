// npm run bench -- [WHAT] [options]: installs and builds what is missing, then measures. See docs/performance.md.
import { prepare } from './prepare.js';

const benches = {
  chain: async (args) => (await import('../bench/chain/chain.js')).benchChain(args),
  memory: async (args) => (await import('../bench/memory/memory.js')).benchMemory(args),
  polls: async (args) => (await import('../bench/polls/polls.js')).benchPolls(args),
  quick: async () => (await import('../bench/quick/quick.js')).benchQuick(),
  schedules: async (args) => (await import('../bench/schedules/schedules.js')).benchSchedules(args),
  throughput: async (args) => (await import('../bench/throughput/throughput.js')).benchThroughput(args),
};

await prepare({ development: true });
const args = process.argv.slice(2);
const [what = 'throughput'] = args;
if (Object.hasOwn(benches, what)) await benches[what](args.slice(1));
else if (what === '--quick') await benches.quick();
else await benches.throughput(args);
process.exit(process.exitCode ?? 0);
