import { dirname, resolve } from 'node:path';
import { secretValues, withSecrets } from '../config/secrets.ts';
import type { SourceConfig } from '../config/source-schemas.ts';
import { createRedactor, type Redact } from '../domain/redact.ts';
import type { SourcePlan } from '../domain/source.ts';
import type { SourceTools } from '../sources/open-source.ts';
import type { ActivityDependencies } from './dependencies.ts';

type Access = Pick<ActivityDependencies, 'config' | 'lookUp'>;

/** The plan with its secrets filled in: for the adapter, never for a workflow. */
export function planWithSecrets(plan: SourcePlan, access: Access): SourcePlan {
  return withSecrets(plan, configuredSource(access, plan.name), access.lookUp);
}

/** What adapters need, from what the worker has. */
export function sourceTools({ http, readers, config }: ActivityDependencies): SourceTools {
  const folder = dirname(config.file);
  return { http, readers, resolvePath: (path) => resolve(folder, path) };
}

/** Takes out of messages every secret that the source's configuration leads to. */
export function redactorFor(name: string, access: Access): Redact {
  const source = configuredSource(access, name);
  return createRedactor(source ? secretValues(source, access.lookUp) : []);
}

function configuredSource({ config }: Access, name: string): SourceConfig | null {
  try {
    return config.current().config.sources.find((source) => source.name === name) ?? null;
  } catch {
    return null;
  }
}
