import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { inject } from 'vitest';
import { openConfigFile } from '../../src/config/file/config-file.ts';
import { createLiveRedactor } from '../../src/config/secrets/live-redactor.ts';
import { lookUpIn } from '../../src/config/secrets/references.ts';
import { bucketSetting } from '../../src/config/environment/store-setting.ts';
import { localTemporalSettings } from '../../src/config/environment/temporal-settings.ts';
import { defaultInstance, Instance } from '../../src/domain/instance.ts';
import type { Redact } from '../../src/domain/secrets/redact.ts';
import type { FailedReceipt, Receipt } from '../../src/domain/run/receipt.ts';
import { storeName, type S3Setting } from '../../src/domain/storage/store-setting.ts';
import type { ScrapeRunInput } from '../../src/workflows/scrape-run/scrape-run.ts';
import type { ProxySettings } from '../../src/formats/proxy-route.ts';
import { serveHttp, type HttpEndpoint } from '../../src/worker/http/endpoint.ts';
import { createLogger } from '../../src/worker/logger.ts';
import { installRuntime } from '../../src/worker/runtime.ts';
import { startWorker, type RunningWorker } from '../../src/worker/worker.ts';
import { createDatabase, type TestDatabase } from './servers/database.ts';
import { csvRows } from './csv-rows.ts';
import { createNamespace } from './servers/namespace.ts';
import { serverVariables } from './servers/tenant.ts';
import { startTcpProxy, type TcpProxy } from './servers/tcp-proxy.ts';

/** How long what /metrics and the status page show is not read again: tests wait for the next reading. */
const statusFreshMs = 500;
/** How soon a database is compared with the store that could not be asked at the start. */
const pairRetryMs = 500;

let runtimeInstalled = false;
/** Whose logs Temporal's runtime writes to, of which a process has one: the first worker that was made and is not closed. */
let logsTo: {
  readonly testWorker: TestWorker;
  readonly redact: Redact;
  readonly write: (line: string) => void;
} | null = null;

function installSharedRuntime(): void {
  if (runtimeInstalled) return;
  runtimeInstalled = true;
  const redact: Redact = (text) => logsTo?.redact(text) ?? text;
  installRuntime(createLogger({ level: 'debug', redact, write: (line) => logsTo?.write(line) }));
}

type Tail<T extends readonly unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;

async function started(testWorker: TestWorker): Promise<TestWorker> {
  await testWorker.startWorker();
  return testWorker;
}

/** Everything around one configuration: files, a database, a worker on its own task queue. */
export class TestWorker {
  readonly folder = mkdtempSync(join(tmpdir(), 'daybook-testWorker-'));
  readonly client: Client;
  readonly database: TestDatabase;
  taskQueue = '';
  /** The default one, on that queue. */
  instance: Instance;
  readonly receipts: (Receipt | FailedReceipt)[] = [];
  /** Lines that the worker logged, as objects. */
  readonly logs: Record<string, unknown>[] = [];
  readonly variables: Record<string, string | undefined>;
  worker: RunningWorker | null = null;
  #postgresThrough: { host?: string; port?: number } = {};
  /** Proxies that the environment names. */
  proxies: ProxySettings = {};
  alertWebhook: string | null = null;
  /** Whether the server gets fairness keys. */
  fairness = false;
  /** How long a request of a probe may take. */
  probeRequestMs = 10_000;
  /** How often an unavailable sink is probed. */
  sinkProbeMs = 1_000;
  /** Share of the memory up to which it takes tasks. */
  memoryTarget: number | null = null;
  /** Those that the environment of the worker names. */
  labels: readonly string[] = [];
  #runs = 0;
  readonly #address: string;
  /** A bucket; null = the folder `data`. */
  #bucket: S3Setting | null = null;

  private constructor(
    client: Client,
    database: TestDatabase,
    variables: Record<string, string | undefined>,
    address: string,
  ) {
    this.#address = address;
    this.client = client;
    this.database = database;
    this.variables = variables;
    this.instance = this.useQueue(`test-${this.folder.slice(-6)}`);
  }

  /** For a worker of another store: the server lists those that polled a queue for a while. */
  useQueue(taskQueue: string): Instance {
    this.taskQueue = taskQueue;
    return (this.instance = new Instance(defaultInstance, taskQueue));
  }

  /** Prepares everything but the worker, which {@link startWorker} or {@link proxyPostgres} starts. */
  static async prepare(
    yaml: string,
    variables: Record<string, string | undefined> = {},
    address = inject('temporalAddress'),
    namespace = 'default',
    taskQueue: string | null = null,
    bucket: S3Setting | null = null,
  ): Promise<TestWorker> {
    const connection = await Connection.connect({ address });
    const database = await createDatabase(inject('postgres'));
    const testWorker = new TestWorker(new Client({ connection, namespace }), database, variables, address);
    if (taskQueue !== null) testWorker.useQueue(taskQueue);
    testWorker.#bucket = bucket;
    testWorker.configure(yaml);
    return testWorker;
  }

  /** @param more `address` of the Temporal server, where it is not the one that all tests share; and see {@link prepare} */
  static async create(yaml: string, ...more: Tail<Parameters<typeof TestWorker.prepare>>): Promise<TestWorker> {
    return started(await TestWorker.prepare(yaml, ...more));
  }

  /** The same in a namespace of its own: the id of a deliverer has only the sink and the source in it. */
  static async prepareApart(
    yaml: string,
    taskQueue: string | null = null,
    bucket: S3Setting | null = null,
  ): Promise<TestWorker> {
    const address = inject('temporalAddress');
    const namespace = await createNamespace(address, `apart-${randomUUID()}`);
    await namespace.close();
    return TestWorker.prepare(yaml, {}, address, namespace.name, taskQueue, bucket);
  }

  static async createApart(
    yaml: string,
    taskQueue: string | null = null,
    bucket: S3Setting | null = null,
  ): Promise<TestWorker> {
    return started(await TestWorker.prepareApart(yaml, taskQueue, bucket));
  }

  /** The same for commands, which give their work to the usual queue: see {@link commandVariables}. */
  static async createForCommands(yaml: string): Promise<TestWorker> {
    return TestWorker.createApart(yaml, new Instance().taskQueue);
  }

  /** The same with its store in a bucket. */
  static async createOnBucket(yaml: string, bucket: S3Setting): Promise<TestWorker> {
    return TestWorker.createApart(yaml, new Instance().taskQueue, bucket);
  }

  /** What a command needs in its environment to work with the database, namespace and store of this worker. */
  commandVariables(): Record<string, string> {
    const variables = serverVariables(this.database, this.#address, this.client.options.namespace);
    if (this.#bucket === null) return { ...variables, DAYBOOK_DATA: this.path('data') };
    return {
      ...variables,
      DAYBOOK_STORE: storeName(this.#bucket),
      AWS_ENDPOINT_URL_S3: this.#bucket.endpoint ?? '',
      AWS_ACCESS_KEY_ID: this.#bucket.keys?.accessKeyId ?? '',
      AWS_SECRET_ACCESS_KEY: this.#bucket.keys?.secretAccessKey ?? '',
    };
  }

  configure(yaml: string): void {
    writeFileSync(this.path('daybook.yaml'), yaml);
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** @param file of the configuration: workers of a rollout may have different ones */
  async startWorker(file = 'daybook.yaml'): Promise<void> {
    const lookUp = lookUpIn(this.variables);
    const config = openConfigFile(this.path(file), lookUp);
    const redact = createLiveRedactor(config, lookUp, []);
    const write = (line: string) => void this.logs.push(JSON.parse(line) as never);
    const logger = createLogger({ level: 'debug', redact, write });
    if (logsTo === null || logsTo.testWorker === this) logsTo = { testWorker: this, redact, write };
    installSharedRuntime();
    this.worker = await startWorker({
      temporal: { ...localTemporalSettings(this.#address, this.client.options.namespace), fairness: this.fairness },
      instance: this.instance,
      postgres: {
        ...this.database.settings,
        ...this.#postgresThrough,
      },
      owner: this.database.settings,
      prepare: true,
      proxies: this.proxies,
      alertWebhook: this.alertWebhook,
      config,
      lookUp,
      redact,
      dataFolder: this.path('data'),
      labels: this.labels,
      memoryTarget: this.memoryTarget,
      bucket: (name) => bucketSetting(name, lookUp, this.proxies),
      store: this.#bucket ?? { kind: 'directory', folder: this.path('data') },
      logger,
      sdkMetrics: null,
      ui: null,
      probeRequestMs: this.probeRequestMs,
      pairRetryMs,
      sinkProbeMs: this.sinkProbeMs,
      statusFreshMs,
      onReceipt: (receipt) => this.receipts.push(receipt),
    });
  }

  /** Connects the worker to PostgreSQL through a proxy that can break connections, and (re)starts it. */
  async proxyPostgres(): Promise<TcpProxy> {
    const { host, port } = this.database.settings;
    const proxy = await startTcpProxy(host, port);
    await this.stopWorker();
    this.#postgresThrough = { host: '127.0.0.1', port: proxy.port };
    await this.startWorker();
    return proxy;
  }

  /** Serves what the worker that runs then shows, on a free port. */
  async serveHttp(onError: (error: unknown) => void): Promise<HttpEndpoint> {
    return serveHttp(
      { host: '127.0.0.1', port: 0 },
      {
        readiness: async () => (await this.worker?.notReadyReasons()) ?? [],
        notes: () => [],
        metrics: async () => (await this.worker?.metrics()) ?? '',
        status: async () => (await this.worker?.statusPage()) ?? '',
        statusJson: async () => (await this.worker?.statusJson()) ?? '',
        onError,
      },
    );
  }

  async stopWorker(): Promise<void> {
    await this.worker?.stop();
    this.worker = null;
  }

  /** Starts a run and returns its handle. */
  async start(input: ScrapeRunInput) {
    const workflowId = `scrape-${input.source}-${this.taskQueue}-${this.#runs++}`;
    return this.client.workflow.start('scrapeRun', { workflowId, taskQueue: this.taskQueue, args: [input] });
  }

  /** Runs a source to its end. */
  async run(source: string): Promise<Receipt> {
    const handle = await this.start({ source });
    return (await handle.result()) as Receipt;
  }

  /** Runs a source that is to fail, and returns what its failure says. */
  async runToFailure(source: string): Promise<{ type: string; message: string; receipt: FailedReceipt | undefined }> {
    try {
      await this.run(source);
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      const cause = error.cause as { type?: string; message: string; details?: unknown[] };
      return {
        type: cause.type ?? '',
        message: cause.message,
        receipt: cause.details?.[0] as FailedReceipt | undefined,
      };
    }
    throw new Error(`the run of ${source} succeeded, expected it to fail`);
  }

  /** All rows of the CSV journal of a source. */
  csv(source: string): Record<string, string>[] {
    return this.files('data', 'csv', source).flatMap((file) => csvRows(readFileSync(file, 'utf8')));
  }

  /** The files of its data but the notes of workers, which are replaced in the background. */
  storedFiles(): string[] {
    return this.files('data').filter((path) => !path.includes('/last-runs/'));
  }

  /** All files below a folder of the test worker. */
  files(...parts: string[]): string[] {
    try {
      const entries = readdirSync(this.path(...parts), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort();
    } catch {
      return [];
    }
  }

  /** Removes all that was stored while the worker runs; its store stays the one that the worker knows. */
  clearData(): void {
    for (const name of readdirSync(this.path('data'))) {
      if (name !== 'store.json') rmSync(this.path('data', name), { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    await this.stopWorker();
    if (logsTo?.testWorker === this) logsTo = null;
    await this.client.connection.close();
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
