import type { HttpFormatPlan, HttpJsonPlan } from '../../domain/plan/source-plan.ts';
import type { Config } from '../file/parse-config.ts';
import { formatOfName } from '../../formats/http-format.ts';
import type { FileConfig, HttpConfig } from '../schema/source-schemas.ts';
import { httpPlan } from './http-format-plan.ts';

/** A file at an address is fetched as a source of `http` is, with conditional requests. */
export function remoteFilePlan(config: Config, source: FileConfig): HttpJsonPlan | HttpFormatPlan {
  const plan = httpPlan(config, asHttp(source));
  // A literal secret in it is looked up under the key that holds it.
  return { ...plan, url: plan.url.replace('${config:url}', '${config:path}') };
}

function asHttp(source: FileConfig): HttpConfig {
  const {
    path,
    format,
    records,
    csv,
    follow_symlinks: _links,
    timeout,
    allow_private: allowPrivate,
    ...common
  } = source;
  const written = format ?? formatOfName(path)?.format;
  return {
    ...common,
    type: 'http',
    url: path,
    ...(written === undefined ? {} : { format: written }),
    records,
    csv,
    fields: {},
    page_fields: {},
    timeout: timeout ?? 60_000,
    allow_private: allowPrivate ?? false,
    headers: {},
    params: {},
    concurrency: 1,
    on_response: [],
    method: 'GET',
    paginator: { type: 'single_page' },
  };
}
