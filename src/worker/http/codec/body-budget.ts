import type { IncomingMessage } from 'node:http';

/** A page of the Web UI asks for a few payloads, each at most 2 MiB; an answer of the server has at most 4 MiB. */
const maxBodyBytes = 8 * 1024 * 1024;
/** Of all bodies that are being read. */
const maxTotalBytes = 32 * 1024 * 1024;

/** Why a body was not read. */
export interface Refused {
  readonly status: 413 | 503;
  readonly error: string;
}

/** Limits what the bodies of requests take in memory, each one and together. */
export class BodyBudget {
  #total = 0;

  /** The body as text. */
  async read(request: IncomingMessage): Promise<string | Refused> {
    const parts: Buffer[] = [];
    let length = 0;
    try {
      for await (const part of request as AsyncIterable<Buffer>) {
        length += part.length;
        this.#total += part.length;
        if (length > maxBodyBytes) {
          return { status: 413, error: `the body is too long, expected at most ${maxBodyBytes} bytes` };
        }
        if (this.#total > maxTotalBytes) return { status: 503, error: 'too many requests at once; try again' };
        parts.push(part);
      }
      return Buffer.concat(parts).toString();
    } finally {
      this.#total -= length;
    }
  }
}
