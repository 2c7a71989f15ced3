// npm run bench: installs and builds what is missing, then measures. Arguments: --quick, --json; or `schedules`, see bench/schedules.js.
import { prepare } from './prepare.js';

await prepare({ development: true });
const [what, ...rest] = process.argv.slice(2);
if (what === 'schedules') {
  const { benchSchedules } = await import('../bench/schedules.js');
  await benchSchedules(rest);
} else {
  await import('../bench/main.js');
}
process.exit(process.exitCode ?? 0);
