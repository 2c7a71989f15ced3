import type * as z from 'zod';
import { httpShape } from './http-schemas.ts';
import { urlProblem } from './problems/url-problem.ts';

const { allow_private: allowPrivate, timeout, robots, rate_limit: rateLimit, proxy } = httpShape;

/** Keys of a file at an address. */
export const remoteFileShape = {
  allow_private: allowPrivate
    .unwrap()
    .optional()
    .describe(`Of a URL: whether loopback, private and link-local addresses are allowed. Default: \`false\`.`),
  timeout: timeout
    .unwrap()
    .optional()
    .describe('Of a URL: time limit for the answer to begin, and for a wait within it. Default: `60s`.'),
  robots: robots.describe('Of a URL: whether robots.txt is obeyed. Default: `ignore`.'),
  rate_limit: rateLimit.describe('Of a URL: shared by all sources of a host and by all workers.'),
  proxy: proxy.describe('Of a URL: proxy URL. Default: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the environment.'),
};

/** Whether a file is at an address. */
export function isRemoteFile(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/** Reports an address that is none. Keys of requests beside other paths may come from `defaults`: they do nothing. */
export function checkRemoteFile(issues: z.core.$ZodRawIssue[], source: { readonly path: string }): void {
  const problem = isRemoteFile(source.path) ? urlProblem(source.path) : null;
  if (problem !== null) issues.push({ code: 'custom', input: source, path: ['path'], message: problem });
}
