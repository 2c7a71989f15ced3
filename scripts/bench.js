// npm run bench: installs and builds what is missing, then measures. Arguments: --quick, --json.
import { prepare } from './prepare.js';

await prepare({ development: true });
await import('../bench/main.js');
process.exit(process.exitCode ?? 0);
