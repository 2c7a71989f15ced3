import { startOrigin } from './origin.ts';

/** The body of a webhook request. */
export interface PostedAlert {
  readonly name: string;
  readonly source: string;
  readonly state: string;
  readonly message: string;
}

export interface Webhook {
  readonly url: string;
  /** The alerts received so far, in order. */
  readonly posted: PostedAlert[];
  close(): Promise<void>;
}

/** A loopback server as alert webhook. */
export async function startWebhook(): Promise<Webhook> {
  const posted: PostedAlert[] = [];
  const origin = await startOrigin((_url, response, request) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      posted.push(JSON.parse(body) as PostedAlert);
      response.end();
    });
  });
  return { url: `${origin.url}/`, posted, close: () => origin.close() };
}
