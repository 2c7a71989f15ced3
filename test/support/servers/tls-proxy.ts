import { readFileSync } from 'node:fs';
import { connect as connectHttp2, createSecureServer, type IncomingHttpHeaders } from 'node:http2';
import type { Certificate } from './certificates.ts';

export interface TlsProxy {
  readonly address: string;
  /** `authorization` of each request so far, each once. */
  readonly authorizations: ReadonlySet<string>;
  close(): Promise<void>;
}

export interface TlsProxyOptions extends Certificate {
  /** The authority that clients' certificates must be of; none = none is asked for. */
  readonly clientAuthority?: string;
  /** The only key that is let in; none = all are. */
  readonly apiKey?: string;
}

/** A TLS front for a Temporal server without TLS; gRPC passes through. */
export async function startTlsProxy(
  target: string,
  { cert, key, clientAuthority, apiKey }: TlsProxyOptions,
): Promise<TlsProxy> {
  const authorizations = new Set<string>();
  const backend = connectHttp2(`http://${target}`);
  backend.on('error', () => {});
  const server = createSecureServer({
    cert: readFileSync(cert),
    key: readFileSync(key),
    ...(clientAuthority === undefined
      ? {}
      : { ca: readFileSync(clientAuthority), requestCert: true, rejectUnauthorized: true }),
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const { authorization } = headers;
    if (authorization !== undefined) authorizations.add(authorization);
    if (apiKey !== undefined && authorization !== `Bearer ${apiKey}`) {
      const refusal = { 'grpc-status': '16', 'grpc-message': 'Request unauthorized.' };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...refusal }, { endStream: true });
      return;
    }
    const forward = backend.request(withoutAuthority(headers));
    forward.on('error', () => stream.destroy());
    stream.on('close', () => forward.destroy());
    forward.on('response', (answer, flags) => {
      if (stream.destroyed) return;
      // An answer of headers alone ends with them.
      stream.respond(answer, { waitForTrailers: true, endStream: (flags & 1) !== 0 });
    });
    let trailers: IncomingHttpHeaders = {};
    forward.on('trailers', (found: IncomingHttpHeaders) => (trailers = found));
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.pipe(forward);
    forward.pipe(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    address: `localhost:${typeof address === 'object' && address ? address.port : 0}`,
    authorizations,
    async close() {
      backend.destroy();
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The authority of the front is not that of the back. */
function withoutAuthority(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { ':authority': _, ...rest } = headers;
  return rest;
}
