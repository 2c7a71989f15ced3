import type { FilePlan, ModulePlan, SourcePlan } from '../../domain/plan/source-plan.ts';
import { moduleAccessFingerprint } from './access-fingerprint.ts';
import { htmlPlan } from './html-plan.ts';
import { graphqlPlan, httpJsonPlan, rssPlan } from './http-plan.ts';
import type { Config } from '../file/parse-config.ts';
import { planBase } from './plan-base.ts';
import { maskOptions } from '../secrets/secrets.ts';
import type { FileConfig, ModuleConfig, SourceConfig } from '../schema/source-schemas.ts';

/** The secret-free plan of a source, for workflows and their histories. */
export function planOf(config: Config, source: SourceConfig): SourcePlan {
  switch (source.type) {
    case 'http_json':
      return httpJsonPlan(config, source);
    case 'graphql':
      return graphqlPlan(config, source);
    case 'rss':
      return rssPlan(config, source);
    case 'html':
      return htmlPlan(config, source);
    case 'file':
      return filePlan(config, source);
    case 'module':
      return modulePlan(config, source);
  }
}

function filePlan(config: Config, source: FileConfig): FilePlan {
  const { path, format = null, records, max_body: maxBodyBytes } = source;
  const { delimiter, quote, header, encoding = null, escape, comment, skip_lines: skipLines = 0 } = source.csv;
  const csv = {
    delimiter,
    quote,
    header,
    encoding,
    // Only if they are set: the fingerprints of 0.2.0 do not include them.
    ...(escape === undefined ? {} : { escape }),
    ...(comment === undefined ? {} : { comment }),
    ...(skipLines === 0 ? {} : { skipLines }),
  };
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
