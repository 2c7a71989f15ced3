import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpEndpoint } from '../../../src/worker/http/endpoint.ts';
import { debianPackage } from '../../support/servers/debian-package.ts';
import { freePort } from '../../support/servers/free-port.ts';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';
import type { TcpProxy } from '../../support/servers/tcp-proxy.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const deploy = resolve('deploy');
const rules = join(deploy, 'prometheus', 'daybook.rules.yml');
/** The rules look back over minutes. To save time, a minute is about a second here. */
const scale: readonly [RegExp, string][] = [
  [/\[5m\]/g, '[6s]'],
  [/\[30m\]/g, '[36s]'],
  [/for: \d+[mh]/g, 'for: 1s'],
];

const found = debianPackage('prometheus');
const program = (name: string) => join(found?.folder ?? '', 'usr', 'bin', name);

describe.skipIf(found === null)('alert rules', () => {
  test('do what their tests say', () => {
    const run = (...args: string[]) => execFileSync(program('promtool'), args, { encoding: 'utf8', stdio: 'pipe' });
    expect(run('check', 'rules', rules)).toMatch('SUCCESS');
    const folder = join(deploy, 'prometheus', 'tests');
    expect(run('test', 'rules', ...readdirSync(folder).map((file) => join(folder, file)))).not.toMatch('FAILED');
  });
});

describe.skipIf(found === null)('a Prometheus that scrapes a worker', () => {
  const folder = temporaryFolder();
  let origin: Origin;
  let proxy: TcpProxy;
  let testWorker: TestWorker;
  let endpoint: HttpEndpoint;
  let prometheus: ChildProcess;
  let address: string;

  /** Data of an answer of Prometheus' HTTP API. */
  async function ask<T>(path: string): Promise<T> {
    const { status, data, error } = (await (await fetch(`${address}/api/v1/${path}`)).json()) as {
      status: string;
      data: T;
      error?: string;
    };
    expect(status, path).toBe('success');
    expect(error, path).toBeUndefined();
    return data;
  }
  const query = async (expression: string) =>
    (await ask<{ result: unknown[] }>(`query?query=${encodeURIComponent(expression)}`)).result;
  async function isFiring(name: string): Promise<boolean> {
    const { alerts } = await ask<{ alerts: { state: string; labels: Record<string, string> }[] }>('alerts');
    return alerts.some(({ state, labels }) => state === 'firing' && labels['alertname'] === name);
  }

  beforeAll(async () => {
    let number = 0;
    origin = await startOrigin();
    origin.answer(
      (_url, response) => void response.end(JSON.stringify([{ id: ++number, at: new Date().toISOString() }])),
    );
    testWorker = await TestWorker.prepare(
      `version: 1\nsources:\n  - { name: news, type: http_json, url: "${origin.url}/news", id: id, occurred_at: at, allow_private: true }\n`,
    );
    proxy = await testWorker.proxyPostgres();
    endpoint = await testWorker.serveHttp(() => undefined);
    const scaled = scale.reduce((text, [from, to]) => text.replaceAll(from, to), readFileSync(rules, 'utf8'));
    writeFileSync(join(folder, 'daybook.rules.yml'), scaled);
    writeFileSync(
      join(folder, 'prometheus.yml'),
      `global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
rule_files: ['*.rules.yml']
scrape_configs: [{ job_name: daybook, static_configs: [{ targets: ['127.0.0.1:${endpoint.port}'] }] }]
`,
    );
    const ownPort = await freePort();
    address = `http://127.0.0.1:${ownPort}`;
    prometheus = spawn(
      program('prometheus'),
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${ownPort}`,
      ],
      { stdio: 'ignore', env: { ...process.env, ...found?.variables } },
    );
    await until('Prometheus is ready', async () => (await fetch(`${address}/-/ready`).catch(() => null))?.ok, 60_000);
  }, 120_000);
  afterAll(async () => {
    if (prometheus?.exitCode === null) {
      prometheus.kill();
      await once(prometheus, 'exit');
    }
    await endpoint?.close();
    await testWorker?.close();
    await proxy?.close();
    await origin?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts runs one after another, without waiting for those that wait themselves. */
  function load(): () => void {
    const timer = setInterval(() => void testWorker.start({ source: 'news' }).catch(() => undefined), 500);
    return () => clearInterval(timer);
  }

  test('sees writes fail without PostgreSQL: the alert fires, and resolves afterwards', async () => {
    const stop = load();
    try {
      await until(
        'records are stored',
        async () => (await query('daybook_batches_written_total > 3')).length > 0,
        60_000,
      );
      expect(await isFiring('DaybookWriteFailures')).toBe(false);
      proxy.down();
      await until('it fires', () => isFiring('DaybookWriteFailures'), 90_000);
      await until('the worker is named, too', () => isFiring('DaybookPostgresAway'), 60_000);
      proxy.up();
      await until('it resolves', async () => !(await isFiring('DaybookWriteFailures')), 120_000);
    } finally {
      proxy.up();
      stop();
    }
  }, 300_000);

  test('finds every metric well named and explained', async () => {
    const input = await (await fetch(`http://127.0.0.1:${endpoint.port}/metrics`)).text();
    const env = { ...process.env, ...found?.variables };
    const { status, stdout, stderr } = spawnSync(program('promtool'), ['check', 'metrics'], {
      input,
      env,
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(`${stdout}${stderr}`).toBe('');
  });

  test('answers every query of the dashboard', async () => {
    interface Panel {
      readonly title: string;
      readonly targets?: readonly { readonly expr: string }[];
    }
    const file = join(deploy, 'grafana', 'dashboards', 'daybook.json');
    const { panels } = JSON.parse(readFileSync(file, 'utf8')) as { panels: Panel[] };
    for (const type of ['partitionRollover', 'canary']) {
      await testWorker.client.workflow.execute(type, {
        workflowId: `${type}-${testWorker.taskQueue}`,
        taskQueue: testWorker.taskQueue,
      });
    }
    const asked = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
    expect(asked.length).toBeGreaterThan(20);
    const stop = load();
    try {
      for (const { title, expr } of asked) {
        const expression = expr.replaceAll('$__rate_interval', '1m').replaceAll('$source', '.*');
        const isAnswered = async () => (await query(expression)).length > 0;
        // Some gauges come later: each part of their facts is read separately.
        await until(`${title} has an answer`, isAnswered, 30_000);
      }
    } finally {
      stop();
    }
  }, 180_000);
});
