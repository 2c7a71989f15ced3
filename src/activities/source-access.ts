import { dirname, resolve } from 'node:path';
import type { Config } from '../config/parse-config.ts';
import { resolveReferences } from '../config/references.ts';
import { resolveSecrets, secretValues } from '../config/secrets.ts';
import type { SourceConfig } from '../config/source-schemas.ts';
import { UnknownSource } from '../domain/errors.ts';
import { createRedactor, type Redact } from '../domain/redact.ts';
import type { SourcePlan } from '../domain/source.ts';
import type { SourceTools } from '../sources/open-source.ts';
import type { ActivityDependencies } from './dependencies.ts';

type Access = Pick<ActivityDependencies, 'config' | 'lookUp'>;

/** @throws UnknownSource with the names that the configuration has */
export function findSource(config: Config, name: string): SourceConfig {
  const source = config.sources.find((candidate) => candidate.name === name);
  if (source) return source;
  const names = config.sources.map((candidate) => candidate.name).join(', ');
  throw new UnknownSource(`config: found no source "${name}", expected one of: ${names}`);
}

/** The plan with its secrets filled in: for the adapter, never for a workflow. */
export function withSecrets<P extends SourcePlan>(plan: P, access: Access): P {
  if (plan.type !== 'http_json') return plan;
  const source = configuredSource(access, plan.name);
  const { lookUp } = access;
  return {
    ...plan,
    url: resolveReferences(plan.url, lookUp),
    params: source ? resolveSecrets('params', plan.params, source, lookUp) : plan.params,
    headers: source ? resolveSecrets('headers', plan.headers, source, lookUp) : plan.headers,
  };
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
