// Builds dist/: the compiled sources, the bundles of workflows and of commands, then a stamp of what they were built from.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { buildStampFile, root } from './build-inputs.js';
import { buildHash, isInstalled } from './freshness.js';

// The bundle holds packages: it must not be taken for one of others than package-lock.json asks for.
if (!isInstalled({ development: true })) {
  process.stderr.write('build: node_modules is not what package-lock.json asks for; run npm ci first\n');
  process.exit(1);
}
const require = createRequire(import.meta.url);
const hash = buildHash();
rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
const compiler = [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'];
const { status } = spawnSync(process.execPath, compiler, { cwd: root, stdio: 'inherit' });
// It has said what is wrong.
if (status !== 0) process.exit(1);
const { bundleWorkflowCode } = await import('@temporalio/worker');
const complain = (message) => process.stderr.write(`${message}\n`);
const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../dist/workflows/index.js', import.meta.url)),
  workflowInterceptorModules: [fileURLToPath(new URL('../dist/workflows/interceptors.js', import.meta.url))],
  logger: { log() {}, trace() {}, debug() {}, info() {}, warn: complain, error: complain },
});
writeFileSync(new URL('../dist/workflow-bundle.js', import.meta.url), code);
const { bundleCli } = await import('./bundle-cli.js');
await bundleCli();
writeFileSync(root + buildStampFile, hash);
