import { expect, test } from 'vitest';
import { hostLimits } from '../../../../src/config/plan/host-limits.ts';
import { daybookYaml, http, parse } from '../daybook-yaml.ts';

test('the strictest rate_limit of the sources of a host holds, except where it is that of each key', () => {
  const limit = (requests: number) => `rate_limit: { requests: ${requests}, per: 1m }`;
  const keys = 'auth: { type: api_key, name: k, api_keys: ["${env:A}", "${env:B}"] }';
  const sources = [
    http('name: a', limit(60)),
    http('name: b', limit(30)),
    http('name: c', limit(5), keys),
    http('name: d', 'url: https://other.test/', limit(5), keys),
  ];
  const limits = hostLimits(parse(daybookYaml(sources), { A: 'a', B: 'b' }), () => undefined);
  expect([...limits]).toEqual([['api.test', { requests: 30, perMs: 60_000 }]]);
});
