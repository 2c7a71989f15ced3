import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** A request as the proxy sees it: `PUT /bucket/key?partNumber=1`. */
export interface SeenRequest {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
}

/** An answer of the proxy's own. */
export interface OwnAnswer {
  readonly status: number;
  readonly code: string;
}

/**
 * What happens to a request. `lose` = it is done, but its answer is lost; `drop` = it never arrives; `hole` = no answer ever; `cut`
 * and `stall` = half of the answer's body, then the connection ends, or nothing more comes; `bare` = the answer without metadata. An answer: instead of being done, or,
 * with `after`, once it is done; `before` runs something first.
 */
export type Fault =
  | 'lose'
  | 'drop'
  | 'hole'
  | 'cut'
  | 'stall'
  | 'bare'
  | { readonly answer: OwnAnswer; readonly after?: boolean }
  | { readonly before: () => Promise<void>; readonly fault: Fault | null };

export interface FaultProxy {
  readonly endpoint: string;
  /** All requests so far. */
  readonly seen: SeenRequest[];
  /** Lets the next requests whose line matches meet faults, one each; `null` = it passes. */
  next(matching: RegExp, ...faults: (Fault | null)[]): void;
  /** Lets all requests whose line matches meet a fault; null = no longer. */
  always(matching: RegExp | null, fault?: Fault): void;
  /** Forgets all faults. @throws if no request has met some of the next ones: then they have shown nothing */
  reset(): void;
  close(): Promise<void>;
}

/** An HTTP proxy before an S3 server, for the ways in which requests fail. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const seen: SeenRequest[] = [];
  let planned: { readonly matching: RegExp; readonly faults: (Fault | null)[] }[] = [];
  let constant: { readonly matching: RegExp; readonly fault: Fault } | null = null;

  function faultOf(line: string): Fault | null {
    const plan = planned.find(({ matching, faults }) => faults.length > 0 && matching.test(line));
    if (plan) return plan.faults.shift() ?? null;
    return constant?.matching.test(line) === true ? constant.fault : null;
  }

  async function handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const line = `${incoming.method} ${incoming.url}`;
    seen.push({ line, headers: incoming.headers });
    let fault = faultOf(line);
    const body = await buffer(incoming);
    while (fault !== null && typeof fault === 'object' && 'before' in fault) {
      await fault.before();
      fault = fault.fault;
    }
    if (fault === 'hole') return;
    if (fault === 'drop') return void incoming.socket.destroy();
    if (typeof fault === 'object' && fault !== null && 'answer' in fault && fault.after !== true)
      return answerOwn(answer, fault.answer);
    const { status, headers, content } = await forward(target, incoming, body);
    if (fault === 'lose') return void incoming.socket.destroy();
    if (typeof fault === 'object' && fault !== null && 'answer' in fault) return answerOwn(answer, fault.answer);
    const isMetadata = (name: string) => fault === 'bare' && name.startsWith('x-amz-meta-');
    answer.writeHead(status, Object.fromEntries(Object.entries(headers).filter(([name]) => !isMetadata(name))));
    if (fault !== 'cut' && fault !== 'stall') return void answer.end(content);
    answer.write(content.subarray(0, content.length >> 1), () => {
      // What was written must not be lost with the connection.
      if (fault === 'cut') setTimeout(() => incoming.socket.destroy(), 20);
    });
  }

  const server = createServer((incoming, answer) => {
    handle(incoming, answer).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    seen,
    next(matching, ...faults) {
      planned = [...planned.filter((plan) => plan.faults.length > 0), { matching, faults }];
    },
    always(matching, fault = 'drop') {
      constant = matching === null ? null : { matching, fault };
    },
    reset() {
      const left = planned.flatMap(({ faults }) => faults).length;
      [planned, constant] = [[], null];
      if (left > 0) throw new Error(`${left} faults were planned, but met by no request`);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerOwn(answer: ServerResponse, { status, code }: OwnAnswer): void {
  answer.writeHead(status, { 'content-type': 'application/xml' });
  answer.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>as planned</Message></Error>`);
}

async function forward(target: string, { method = 'GET', url = '/', headers }: IncomingMessage, body: Buffer) {
  const { hostname, port } = new URL(target);
  return new Promise<{ status: number; headers: IncomingHttpHeaders; content: Buffer }>((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path: url, headers, agent: false }, (found) => {
      buffer(found).then(
        (content) => resolve({ status: found.statusCode ?? 502, headers: found.headers, content }),
        reject,
      );
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
