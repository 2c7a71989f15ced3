import { createHash } from 'node:crypto';
import { parse as parseWithPosition } from 'json-custom-numbers';
import { messageOf, OverLimit, UnreadableBody } from '../../domain/errors.ts';
import { parseJson, type ParsedJson } from '../../domain/json.ts';
import { refuseHugeJson } from '../json-limits.ts';
import { decodeText } from '../http/charset.ts';
import { isCompressed } from './file-format.ts';
import { openContent } from './open-file.ts';
import type { FileToRead } from './record-reader.ts';

/** A JSON file, read whole. */
export interface JsonDocument extends ParsedJson {
  readonly text: string;
  /** Of its decoded content. */
  readonly bytes: number;
  readonly contentHash: string;
}

/**
 * Reads a JSON file to the end that it has by now.
 * @throws OverLimit where its decoded content is larger than `max_body`, UnreadableBody where it is no JSON
 */
export async function readJsonDocument({ plan, path }: FileToRead): Promise<JsonDocument> {
  const body = await readWhole(plan.name, path, plan.maxBodyBytes);
  const contentHash = createHash('sha256').update(body).digest('hex').slice(0, 32);
  const text = decodeText(body, undefined);
  refuseHugeJson(`file: ${plan.name}: ${path}`, text);
  try {
    return { ...parseJson(text), text, bytes: body.length, contentHash };
  } catch (error) {
    throw new UnreadableBody(
      `file: ${plan.name}: ${path} is not JSON at ${positionOf(text, error)}; expected one JSON document, or format: ndjson for one a line`,
    );
  }
}

async function readWhole(subject: string, path: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of openContent(path, isCompressed(path), 0, Infinity) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new OverLimit(
        `file: ${subject}: ${path} is larger than ${maxBytes} bytes, which max_body allows; raise it, or write the file as ndjson, which is read line by line`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `line 3, column 7 (Unexpected …)`: `JSON.parse` says where, and in what words, by its version. */
function positionOf(text: string, error: unknown): string {
  const native = /at position (\d+)/.exec(messageOf(error))?.[1];
  const found = findError(text);
  const position = Math.min(native === undefined ? found.position : Number(native), text.length);
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  return `line ${line}, column ${position - before.lastIndexOf('\n')} (${found.reason})`;
}

function findError(text: string): { readonly reason: string; readonly position: number } {
  try {
    parseWithPosition(text);
    return { reason: 'unknown error', position: text.length };
  } catch (error) {
    const [reason = ''] = messageOf(error).split('\n');
    const position = /^At position (\d+)/m.exec(messageOf(error))?.[1];
    return { reason, position: position === undefined ? text.length : Number(position) - 1 };
  }
}
