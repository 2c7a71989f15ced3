import { credentialProblem } from './credential-problem.ts';
import { headerValueProblem } from '../../domain/text/header-value.ts';
import { resolveReferences, type LookUp } from './references.ts';
import type { SourceConfig } from '../schema/source-schemas.ts';

/** What is wrong with headers of a source once its secrets are filled in, as `key: problem`. */
export function secretHeaderProblems(source: SourceConfig, lookUp: LookUp): readonly string[] {
  if (!('headers' in source)) return [];
  const { headers, auth } = source;
  const values = [
    ...Object.entries(headers).map(([name, value]) => [`headers.${name}`, value] as const),
    ...(auth?.type === 'bearer' ? [['auth.token', auth.token] as const] : []),
    ...(auth?.type === 'api_key' && auth.location === 'header' ? [['auth.api_key', auth.api_key] as const] : []),
  ];
  return values.flatMap(([key, value]) => {
    const filled = resolveReferences(value, lookUp);
    const [where = '', name = ''] = key.split('.');
    const problem = headerValueProblem(filled) ?? credentialProblem(where, name, filled);
    return problem === null ? [] : [`${key}: ${problem}`];
  });
}
