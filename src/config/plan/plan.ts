import type { FilePlan, ModulePlan, SourcePlan } from '../../domain/plan/source-plan.ts';
import { moduleAccessFingerprint } from './access-fingerprint.ts';
import { csvPlan } from './csv-plan.ts';
import { htmlPlan } from './html-plan.ts';
import { httpPlan } from './http-format-plan.ts';
import { graphqlPlan, httpJsonPlan, rssPlan } from './http-plan.ts';
import type { Config } from '../file/parse-config.ts';
import { planBase } from './plan-base.ts';
import { remoteFilePlan } from './remote-file-plan.ts';
import { isRemoteFile } from '../schema/remote-file-schema.ts';
import { maskOptions } from '../secrets/secrets.ts';
import type { FileConfig, ModuleConfig, SourceConfig } from '../schema/source-schemas.ts';

/** The plans of a configuration that were asked for: each activity of a poll needs that of its source. */
const made = new WeakMap<Config, WeakMap<SourceConfig, SourcePlan>>();

/** The secret-free plan of a source, for workflows and their histories. */
export function planOf(config: Config, source: SourceConfig): SourcePlan {
  const plans = made.get(config) ?? new WeakMap<SourceConfig, SourcePlan>();
  made.set(config, plans);
  const plan = plans.get(source) ?? makePlan(config, source);
  plans.set(source, plan);
  return plan;
}

function makePlan(config: Config, source: SourceConfig): SourcePlan {
  switch (source.type) {
    case 'http_json':
      return httpJsonPlan(config, source);
    case 'http':
      return httpPlan(config, source);
    case 'graphql':
      return graphqlPlan(config, source);
    case 'rss':
      return rssPlan(config, source);
    case 'html':
      return htmlPlan(config, source);
    case 'file':
      return isRemoteFile(source.path) ? remoteFilePlan(config, source) : filePlan(config, source);
    case 'module':
      return modulePlan(config, source);
  }
}

/** Of a JSON file, which is read whole. */
const defaultMaxBody = 64 * 1024 * 1024;

function filePlan(config: Config, source: FileConfig): FilePlan {
  const { path, format = null, records, max_body: maxBodyBytes = defaultMaxBody } = source;
  const csv = csvPlan(source.csv);
  const charset = source.encoding === undefined ? {} : { encoding: source.encoding };
  return {
    ...planBase(
      config,
      source,
      {
        path,
        format,
        csv,
        ...charset,
      },
      { records },
    ),
    type: 'file',
    path,
    format,
    records,
    maxBodyBytes,
    csv,
    ...(source.follow_symlinks ? { followSymlinks: true } : {}),
  };
}

function modulePlan(config: Config, source: ModuleConfig): ModulePlan {
  const { module, options } = source;
  return {
    ...planBase(
      config,
      source,
      {
        module,
        options,
      },
      {},
    ),
    type: 'module',
    module,
    options: maskOptions('options', options),
    accessFingerprint: moduleAccessFingerprint(module, options),
    allowPrivate: source.allow_private,
    timeoutMs: source.timeout,
    maxBodyBytes: source.max_body,
  };
}
