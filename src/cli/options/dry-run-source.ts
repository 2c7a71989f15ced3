import { dirname, resolve } from 'node:path';
import { requiredTokenKey } from '../../config/environment/token-key.ts';
import { hostLimits } from '../../config/plan/host-limits.ts';
import type { Config } from '../../config/file/parse-config.ts';
import { pathBeside } from '../../config/file/remote-files.ts';
import { planOf } from '../../config/plan/plan.ts';
import { withSecrets } from '../../config/secrets/secrets.ts';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import { version } from '../../config/version.ts';
import { noopMetrics } from '../../domain/run/metrics.ts';
import type { FetchPosition } from '../../domain/state/fetch-position.ts';
import { initialState } from '../../domain/state/source-state.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { SourceReader } from '../../sources/compute/source-reader.ts';
import { createThreadCompute } from '../../sources/compute/thread-compute.ts';
import { createSchemaTexts } from '../../sources/extraction/schema-texts.ts';
import { OpenReaders } from '../../sources/files/open-readers.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../sources/http/http-client.ts';
import { createHttpTools } from '../../sources/http/http-tools.ts';
import { ModuleThreads } from '../../sources/modules/module-threads.ts';
import { beginPoll, formatOf, openPages, openReader, type SourceTools } from '../../sources/open-source.ts';
import type { Page } from '../../sources/extraction/page.ts';
import { createHostBudgets } from '../../store/run/host-budgets.ts';
import { createTokenChains } from '../../store/run/token-chains.ts';
import { createObjectFiles } from '../../store/s3/object-files.ts';
import { dryRunExport } from './dry-run-export.ts';
import { openStoreToRead, type Context } from './context.ts';
import { pagesOfParents } from './pages-of-parents.ts';

/** A page, and JSON text of what its records get as `parent`. */
export type DryRunPage = Page & { readonly parent?: string };

/** A source polled from scratch by a command: nothing is stored, and neither watermark nor ETag hides anything. */
export interface SourceDryRun {
  readonly plan: SourcePlan;
  readonly tools: SourceTools;
  reader(): Promise<SourceReader>;
  /** Where it begins; null if there is nothing to read. */
  begin(): Promise<FetchPosition | null>;
  /** @param from by default where it begins */
  pages(from?: FetchPosition): AsyncGenerator<DryRunPage>;
  close(): Promise<void>;
}

/** Called with each request once it is answered; status null = there was no response. */
export type OnAnswer = (request: HttpRequest, answer: HttpResponse | null, ms: number) => void;

/**
 * @param onAnswer of requests for pages, not of those for tokens or robots.txt
 * @param say shows what is waited for
 */
export function dryRunSource(
  context: Context,
  config: Config,
  source: SourceConfig,
  onAnswer?: OnAnswer,
  say: (line: string) => void = () => {},
): SourceDryRun {
  const { lookUp, configFile, proxies } = context.environment;
  const plan = withSecrets(planOf(config, source), source, lookUp);
  const limits = hostLimits(config, lookUp);
  // A command takes its turn like everyone else.
  const store = openStoreToRead(context);
  const budget = createHostBudgets(store);
  const resolvePath = (path: string) => resolve(dirname(configFile), path);
  const http = createHttpTools({
    version,
    proxies,
    budget,
    limitOf: (host) => limits.get(host) ?? null,
    measures: noopMetrics,
    // A refresh token that is used here replaces that of the workers: it is kept as theirs are.
    tokenChains: createTokenChains(store, () => requiredTokenKey(lookUp)),
    resolvePath,
  });
  const readers = new OpenReaders();
  const modules = new ModuleThreads();
  const compute = createThreadCompute();
  const tools: SourceTools = {
    http: onAnswer
      ? {
          ...http,
          client: observed(http.client, onAnswer),
        }
      : http,
    readers,
    modules,
    compute,
    schemas: createSchemaTexts(),
    progress: { read: async () => new Map() },
    // A command shows the last row as it is now.
    standStillMs: 0,
    feedItems: { read: async () => null },
    objects: createObjectFiles(context.environment.bucket),
    resolvePath,
    resolveFile: (path) => pathBeside(configFile, path),
  };
  const reader = () => openReader(plan, tools);
  const state = initialState({ fetchFingerprint: '', shapeFingerprint: '', databaseId: null });
  const poll = { plan, state, run: 'preview', force: true, window: null };
  return {
    plan,
    tools,
    reader,
    begin: () => beginPoll(poll, tools, new Date()),
    async *pages(from) {
      const alone = {
        signal: new AbortController().signal,
        onProgress: () => {},
        reader: await reader(),
      };
      if (plan.type !== 'file' && plan.type !== 'module' && plan.forEach) {
        const format = formatOf(plan, state, tools, alone);
        return yield* pagesOfParents(context, plan.forEach, { plan, format, http: tools.http, context: alone }, state);
      }
      const position = from ?? (await beginPoll(poll, tools, new Date()));
      if (!position) return;
      const job = 'export' in plan && plan.export ? { ...plan, export: plan.export } : null;
      const calling = job && { plan: job, http: tools.http, signal: alone.signal };
      const documents = calling ? { documents: await dryRunExport(calling, position, say) } : {};
      yield* openPages({ ...poll, ...documents }, position, tools, alone);
    },
    async close() {
      await Promise.all([http.client.close(), readers.closeAll(), compute.close(), modules.close()]);
    },
  };
}

function observed(client: HttpClient, onAnswer: OnAnswer): HttpClient {
  return {
    ...client,
    async send(request, signal) {
      const startedMs = performance.now();
      const report = (answer: HttpResponse | null) =>
        onAnswer(request, answer, Math.round(performance.now() - startedMs));
      try {
        const answer = await client.send(request, signal);
        report(answer);
        return answer;
      } catch (error) {
        report(null);
        throw error;
      }
    },
  };
}
