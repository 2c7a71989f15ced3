import { startOrigin, type Origin } from '../../../support/servers/origin.ts';

/** A token endpoint that replaces each refresh token when it is used, and refuses one that was used before. */
export interface RotatingServer {
  readonly url: string;
  /** Refresh tokens of all requests, in order. */
  readonly used: readonly string[];
  /** The refresh token that would be accepted next. */
  readonly valid: () => string;
  /** Whether an access token is the last one that was issued. */
  readonly accepts: (accessToken: string) => boolean;
  /** Called before a request is dealt with. */
  before: () => void;
  /** Called once the token is replaced, before it is answered. */
  after: () => void;
  /** The answer to the next requests instead of a token. */
  failWith: { readonly status: number; readonly error?: string } | null;
  close(): Promise<void>;
}

export async function startRotatingServer(first: string): Promise<RotatingServer> {
  const used: string[] = [];
  let [count, valid] = [0, first];
  const origin: Origin = await startOrigin(async (_url, response, request) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const token = new URLSearchParams(body).get('refresh_token') ?? '';
    server.before();
    used.push(token);
    if (server.failWith) {
      const { status, error } = server.failWith;
      return void response.writeHead(status).end(JSON.stringify(error === undefined ? {} : { error }));
    }
    if (token !== valid) return void response.writeHead(400).end('{"error":"invalid_grant"}');
    count++;
    valid = `refresh-token-${count}`;
    server.after();
    const answer = { access_token: `access-token-${count}`, refresh_token: valid, expires_in: 3_600 };
    response.end(JSON.stringify(answer));
  });
  const server: RotatingServer = {
    url: `${origin.url}/token`,
    used,
    valid: () => valid,
    accepts: (accessToken) => accessToken === `access-token-${count}`,
    before: () => {},
    after: () => {},
    failWith: null,
    close: () => origin.close(),
  };
  return server;
}
