import { statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { counted } from '../../../domain/text/counted.ts';
import { resolveReferences } from '../../../config/secrets/references.ts';
import type { Config } from '../../../config/file/parse-config.ts';
import { messageOf, PrivateAddress } from '../../../domain/errors.ts';
import { sourceSearchAttribute } from '../../../domain/names.ts';
import { openStores } from '../../../store/open-stores.ts';
import { createLookup, assertHostAllowed } from '../../../sources/http/address-guard.ts';
import { sourcesByLabel } from '../../../domain/plan/label.ts';
import { noWorkerText } from '../../../domain/plan/placement.ts';
import { askWorkers, dependsOnPlace, placementWarnings } from '../../options/placement.ts';
import { routeOf } from '../../../formats/proxy-route.ts';
import {
  createContext,
  requireOwner,
  requirePostgres,
  requireTemporal,
  type CommonOptions,
  type Context,
} from '../../options/context.ts';
import { loadConfig, loadWholeConfig } from '../../options/load-config.ts';
import { commandRedactor } from '../../options/command-redactor.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { print, printJson } from '../../output/output.ts';
import { pollerProblem } from '../../../temporal/task-queue-pollers.ts';
import { inspectOwner, inspectWriter } from '../../../sinks/postgres/commands/inspect.ts';
import { describePair } from '../../options/store-pair.ts';
import { withTemporal } from '../../../temporal/connect.ts';

/** One check of the environment. */
interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** What was found; if it is not OK, also what was expected and what to do. */
  readonly found: string;
}

type Probe = readonly [what: string, look: () => Promise<string>];

const minFreeBytes = 1024 ** 3;
const connectMs = 5_000;

/** `daybook doctor`: checks the environment, and reports what is missing. Changes nothing. */
export async function doctorCommand(options: CommonOptions & { readonly json?: boolean }): Promise<void> {
  const context = createContext(options);
  const redact = commandRedactor(options);
  const config = await look(['configuration', async () => describeConfig(loadWholeConfig(context))]);
  const probes = [...surroundings(context), ...ofSources(context)];
  // In parallel: each of many hosts may take seconds to time out.
  const findings = [config, ...(await Promise.all(probes.map(look)))].map(({ what, ok, found }) => ({
    what: redact(what),
    ok,
    found: redact(found),
  }));
  if (options.json) printJson(findings);
  else for (const { what, ok, found } of findings) print(`${ok ? 'ok     ' : 'FAILED '} ${what.padEnd(16)} ${found}`);
  if (findings.some(({ ok }) => !ok)) setExitCode(1);
}

async function look([what, probe]: Probe): Promise<Finding> {
  try {
    return { what, ok: true, found: await probe() };
  } catch (error) {
    return { what, ok: false, found: messageOf(error) };
  }
}

function describeConfig({ sources }: Config): string {
  const scheduled = sources.filter(({ schedule }) => schedule).length;
  return `${counted(sources.length, 'source')}, ${scheduled} with a schedule`;
}

function surroundings(context: Context): Probe[] {
  return [
    ['Node.js', async () => process.versions.node],
    ['store', () => lookAtStore(context)],
    ['PostgreSQL', async () => inspectWriter(requirePostgres(context), context.environment.prepare)],
    ['store+database', () => describePair(context)],
    ['its owner', async () => inspectOwner(requireOwner(context))],
    ['Temporal', () => lookAtTemporal(context)],
  ];
}

async function lookAtStore({ environment }: Context): Promise<string> {
  const { store } = openStores(environment);
  await store.checkRights();
  await store.prove();
  if (store.setting.kind === 'directory') return describeFolder(store.setting.folder);
  const { endpoint, region } = store.setting;
  return `${store.name} at ${endpoint ?? `AWS${region === null ? '' : ` in ${region}`}`}: all rights are there, conditional writes work`;
}

async function describeFolder(folder: string): Promise<string> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const text = `${folder}, ${(free / 1024 ** 3).toFixed(1)} GiB free`;
  if (free >= minFreeBytes) return text;
  throw new Error(`found ${text}, expected at least 1 GiB; free some space or move DAYBOOK_DATA`);
}

async function lookAtTemporal(context: Context): Promise<string> {
  const settings = requireTemporal(context);
  return withTemporal(settings, async (client) => {
    const { namespace } = settings;
    await client.workflowService.describeNamespace({ namespace });
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    const { tls, apiKey } = settings.connection;
    const how = `${tls ? 'TLS' : 'without TLS'}${apiKey === undefined ? '' : ', with an API key'}`;
    const { instance } = context;
    const named = instance.isDefault ? '' : `, instance ${instance.name}`;
    const where = `${settings.address}, namespace ${namespace}${named}, ${how}`;
    const problem = await pollerProblem(client, context.instance);
    if (problem !== null) throw new Error(`${where}: ${problem}`);
    const known = customAttributes?.[sourceSearchAttribute] !== undefined;
    return `${where}, a worker polls${known ? '' : `; the search attribute ${sourceSearchAttribute} is not registered: temporal operator search-attribute create --name ${sourceSearchAttribute} --type Keyword`}`;
  });
}

/** None if the configuration cannot be used, which is a separate finding. */
function ofSources(context: Context): Probe[] {
  try {
    const config = loadConfig(context);
    return [...places(context, config), ...hosts(context, config)];
  } catch {
    return [];
  }
}

/** Whether each label has a worker, and whether files are where workers look for them. */
function places(context: Context, config: Config): Probe[] {
  const known = async () =>
    withTemporal(requireTemporal(context), (client) => askWorkers(client, context.instance, config));
  // The server has a finding of its own.
  const asked = dependsOnPlace(config) ? known().catch(() => null) : Promise.resolve(null);
  const labels = [...sourcesByLabel(config.sources)].map(([label, names]): Probe => {
    const find = async () => {
      const pollers = (await asked)?.byLabel.get(label);
      if (pollers === undefined) return 'unknown: Temporal cannot be asked';
      if (pollers.length === 0) throw new Error(noWorkerText(label, names));
      return `${counted(pollers.length, 'worker')}, for ${counted(names.length, 'source')}`;
    };
    return [`label ${label}`, find];
  });
  const describeFiles = async () => {
    const found = placementWarnings(context, config, await asked).filter(({ code }) => code === 'files_unbound');
    return found.length === 0
      ? 'where their workers look for them'
      : found.map(({ source, message }) => `${source}: ${message}`).join('; ');
  };
  const hasFiles = config.sources.some(({ type }) => type === 'file');
  return hasFiles ? [...labels, ['files', describeFiles]] : labels;
}

/** Whether the hosts of the sources can be reached, each once. Behind a proxy, the proxy reaches them. */
function hosts({ environment }: Context, { sources }: Config): Probe[] {
  const found = new Map<string, URL>();
  for (const source of sources) {
    if (!('url' in source)) continue;
    const address = resolveReferences(source.url, environment.lookUp);
    const url = URL.canParse(address) ? new URL(address) : null;
    if (url && routeOf(url, source.proxy ?? null, environment.proxies).proxy === null) found.set(url.host, url);
  }
  return [...found].map(([host, url]): Probe => [host, () => connectTo(url)]);
}

/** Regardless of what a source may request; `preview` shows whether it may reach a private address. */
async function connectTo(url: URL): Promise<string> {
  const { hostname, port, protocol } = url;
  assertHostAllowed(url, 'any', hostname);
  const target = {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
    lookup: createLookup('any'),
  };
  const startedAt = performance.now();
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ ...target, timeout: connectMs });
    const fail = (error: Error) => {
      socket.destroy();
      if (error instanceof PrivateAddress) reject(error);
      else reject(new Error(`${error.message}; check the url, DNS and the firewall`));
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', fail);
    socket.once('timeout', () => fail(new Error(`no connection within ${connectMs / 1_000} s`)));
  });
  return `reached in ${Math.round(performance.now() - startedAt)} ms`;
}
