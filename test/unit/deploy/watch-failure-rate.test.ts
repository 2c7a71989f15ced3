import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { projectFolder } from '../../support/deploy/dockerfile.ts';
import { json, startOrigin, type Origin } from '../../support/servers/origin.ts';

let prometheus: Origin;

beforeEach(async () => {
  prometheus = await startOrigin();
});
afterEach(() => prometheus.close());

/** Prometheus answers with these increases, by sink. */
function counts(attempts: Record<string, number>, failures: Record<string, number>): void {
  prometheus.answer((url, response, request) => {
    const of = url.searchParams.get('query')?.includes('_failures_') ? failures : attempts;
    const result = Object.entries(of).map(([sink, value]) => ({ metric: { sink }, value: [0, String(value)] }));
    return json({ status: 'success', data: { resultType: 'vector', result } })(url, response, request);
  });
}

async function watch(...more: string[]) {
  const script = join(projectFolder, 'deploy', 'watch-failure-rate.js');
  const args = ['--prometheus', prometheus.url, '--minutes', '0.005', '--every-seconds', '0.1', ...more];
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, [script, ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    ),
  );
}

describe('deploy/watch-failure-rate.js', () => {
  test('passes where writes succeed, also before the first failure is counted', async () => {
    counts({ csv: 400, postgres: 400 }, {});
    expect(await watch()).toEqual({ code: 0, stdout: 'failed writes: csv 0/400, postgres 0/400\n', stderr: '' });
    counts({ csv: 400, postgres: 400 }, { postgres: 4 });
    expect((await watch()).code).toBe(0);
  });

  test('fails as soon as one sink is above the threshold', async () => {
    counts({ csv: 400, postgres: 400 }, { postgres: 5 });
    const { code, stderr } = await watch('--minutes', '5');
    expect(stderr).toBe('watch: postgres: 5 of 400 writes failed, expected at most 0.01 of them\n');
    expect(code).toBe(1);
  });

  test('does not judge by a few writes', async () => {
    counts({ csv: 5 }, { csv: 1 });
    expect((await watch()).code).toBe(0);
    expect((await watch('--min-attempts', '5')).code).toBe(1);
  });

  test('fails where there was nothing to see', async () => {
    counts({}, {});
    expect(await watch()).toMatchObject({ code: 1, stderr: 'watch: no writes in this time\n' });
    prometheus.answer((_url, response) => void response.writeHead(503).end('{}'));
    expect(await watch()).toMatchObject({ code: 1, stderr: `watch: ${prometheus.url}: answered 503\n` });
  });

  test('asks for the series of one place', async () => {
    counts({ csv: 100 }, {});
    await watch('--selector', 'namespace="daybook-staging"');
    expect(decodeURIComponent(prometheus.requests[0] ?? '').replaceAll('+', ' ')).toMatch(
      /sum by \(sink\) \(increase\(daybook_write_attempts_total\{namespace="daybook-staging"\}\[\d+s\]\)\)/,
    );
  });
});
