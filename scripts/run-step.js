// Runs a program of the project's own packages with this terminal as its own.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './build-inputs.js';

const require = createRequire(import.meta.url);

/** Runs a package's program; returns its exit code. */
export function runPackage(name, bin, args) {
  const manifest = require(join(root, 'node_modules', name, 'package.json'));
  const file = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[bin];
  const program = join(root, 'node_modules', name, file);
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' });
  return status ?? 1;
}
