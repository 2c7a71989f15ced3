import { dirname, resolve } from 'node:path';
import { hostLimits } from '../config/host-limits.ts';
import type { Config } from '../config/parse-config.ts';
import { planOf } from '../config/plan.ts';
import { withSecrets } from '../config/secrets.ts';
import type { SourceConfig } from '../config/source-schemas.ts';
import { version } from '../config/version.ts';
import { notMeasured } from '../domain/measures.ts';
import { freshState } from '../domain/state.ts';
import type { SourcePlan } from '../domain/source.ts';
import { createSchemaChecks } from '../sources/extraction/schema-checks.ts';
import { OpenReaders } from '../sources/files/open-readers.ts';
import { createHttpTools } from '../sources/http-tools.ts';
import { ModuleLoader } from '../sources/modules/module-loader.ts';
import { beginPoll, openPages, type SourceTools } from '../sources/open-source.ts';
import type { Page } from '../sources/page.ts';
import { createHostBudgets } from '../store/host-budgets.ts';
import { openStore, type Context } from './context.ts';

/** A source polled afresh by a command: nothing of it is stored, neither watermark nor ETag hides anything. */
export interface SourceProbe {
  readonly plan: SourcePlan;
  readonly tools: SourceTools;
  pages(): AsyncGenerator<Page>;
  close(): Promise<void>;
}

export function probeSource(context: Context, config: Config, source: SourceConfig): SourceProbe {
  const { lookUp, configFile, proxies } = context.environment;
  const plan = withSecrets(planOf(config, source), source, lookUp);
  const limits = hostLimits(config, lookUp);
  // A command takes its turn like everyone else.
  const budget = createHostBudgets(openStore(context));
  const http = createHttpTools({
    version,
    proxies,
    budget,
    limitOf: (host) => limits.get(host) ?? null,
    measures: notMeasured,
  });
  const readers = new OpenReaders();
  const modules = new ModuleLoader();
  const tools: SourceTools = {
    ...{ http, readers, modules, schemas: createSchemaChecks() },
    progress: { read: async () => new Map() },
    resolvePath: (path) => resolve(dirname(configFile), path),
  };
  return {
    plan,
    tools,
    async *pages() {
      const state = freshState({ fetchFingerprint: '', shapeFingerprint: '', databaseId: null });
      const poll = { plan, state, run: 'preview', force: true, window: null };
      const position = await beginPoll(poll, tools, new Date());
      const alone = { signal: new AbortController().signal, onProgress: () => {} };
      if (position) yield* openPages(poll, position, tools, alone);
    },
    async close() {
      await Promise.all([http.client.close(), readers.closeAll()]);
    },
  };
}
