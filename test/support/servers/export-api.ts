import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startOrigin, type Origin } from './origin.ts';

/** A job that an API was asked for. */
export interface ApiJob {
  readonly id: string;
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
  /** How often its status was requested. */
  looks: number;
  /** How often its document was downloaded. */
  downloads: number;
  cancelled: boolean;
}

/** What a test decides; each is asked at every request. */
export interface ExportBehaviour {
  /** Whether a job is done at a look. @default from the second on */
  isDone?: (job: ApiJob) => boolean;
  /** Whether it has failed, and why. */
  failure?: (job: ApiJob) => string | null;
  /** What its documents hold. @default one record */
  documents?: (job: ApiJob) => readonly unknown[];
  /** Called before an answer, which waits for it. */
  before?: (what: 'submit' | 'status' | 'download' | 'cancel', job: ApiJob) => Promise<void> | void;
  /** Whether the address of a document has expired. */
  isExpired?: (token: string) => boolean;
}

/** An API that prepares records as jobs, on one origin, and gives them out on another one by addresses that cannot be guessed. */
export class ExportApi {
  readonly api: Origin;
  readonly files: Origin;
  readonly jobs: ApiJob[] = [];
  /** Tokens of the addresses that it gave out. */
  readonly tokens: string[] = [];
  /** Headers that the files were requested with. */
  readonly fileHeaders: IncomingMessage['headers'][] = [];
  behaviour: ExportBehaviour = {};

  private constructor(api: Origin, files: Origin) {
    this.api = api;
    this.files = files;
    api.answer((url, response, request) => this.#answer(url, response, request));
    files.answer((url, response, request) => this.#download(url, response, request));
  }

  static async start(): Promise<ExportApi> {
    return new ExportApi(await startOrigin(), await startOrigin());
  }

  /** Forgets all jobs. */
  begin(behaviour: ExportBehaviour): void {
    this.jobs.length = 0;
    this.tokens.length = 0;
    this.fileHeaders.length = 0;
    this.behaviour = behaviour;
  }

  async close(): Promise<void> {
    await this.api.close();
    await this.files.close();
  }

  async #answer(url: URL, response: ServerResponse, request: IncomingMessage): Promise<void> {
    response.setHeader('content-type', 'application/json');
    const body = await textOf(request);
    if (request.method === 'POST') {
      const parsed: unknown = JSON.parse(body);
      const headers = request.headers;
      const job: ApiJob = {
        id: `job-${this.jobs.length + 1}`,
        body: parsed,
        headers,
        looks: 0,
        downloads: 0,
        cancelled: false,
      };
      this.jobs.push(job);
      await this.behaviour.before?.('submit', job);
      response.statusCode = 202;
      response.end(JSON.stringify({ id: job.id, links: { status: `/exports/${job.id}` } }));
      return;
    }
    const job = this.jobs.find(({ id }) => url.pathname === `/exports/${id}`);
    if (!job) {
      response.statusCode = 404;
      response.end('{}');
    } else if (request.method === 'DELETE') {
      job.cancelled = true;
      await this.behaviour.before?.('cancel', job);
      response.end('{}');
    } else await this.#status(job, response);
  }

  async #status(job: ApiJob, response: ServerResponse): Promise<void> {
    job.looks++;
    await this.behaviour.before?.('status', job);
    const { failure, isDone = ({ looks }) => looks > 1, documents = () => [[]] } = this.behaviour;
    const reason = failure?.(job) ?? null;
    if (reason !== null) response.end(JSON.stringify({ status: 'failed', error: { message: reason } }));
    else if (!isDone(job)) response.end(JSON.stringify({ status: 'running' }));
    else {
      const urls = documents(job).map((_document, index) => {
        const token = randomBytes(12).toString('hex');
        this.tokens.push(token);
        return `${this.files.url}/${job.id}/${index}?token=${token}`;
      });
      response.end(JSON.stringify({ status: 'done', result: { urls } }));
    }
  }

  async #download(url: URL, response: ServerResponse, request: IncomingMessage): Promise<void> {
    this.fileHeaders.push(request.headers);
    const [, id, index] = url.pathname.split('/');
    const job = this.jobs.find((one) => one.id === id);
    const token = url.searchParams.get('token') ?? '';
    if (!job || !this.tokens.includes(token) || this.behaviour.isExpired?.(token) === true) {
      response.statusCode = 403;
      response.end('<Error>expired</Error>');
      return;
    }
    job.downloads++;
    await this.behaviour.before?.('download', job);
    response.end(JSON.stringify(this.behaviour.documents?.(job)[Number(index)] ?? []));
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
}
