import { createHash } from 'node:crypto';
import { parse as parseWithPosition } from 'json-custom-numbers';
import { messageOf, OverLimit, UnreadableBody } from '../../domain/errors.ts';
import { compileExpression } from '../../formats/jmespath/jmespath.ts';
import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import { isTextDeeperThan, parseDigits, parseJson, type ParsedJson } from '../../formats/exact-json.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { Trace } from '../compute/trace.ts';
import { maxDepth } from '../extraction/extract-record.ts';
import { assertJsonSize, assertRecordCount } from '../extraction/json-limits.ts';
import { decodeDocument } from '../text/decode-document.ts';
import type { PageItem } from '../extraction/page.ts';
import { findRecords } from '../pagination/find-records.ts';
import { isGzip } from './compression.ts';
import { openContent } from './open-file.ts';
import type { FileToRead } from './record-reader.ts';
import { wideCharset } from './text-charset.ts';

/** A JSON file, read whole. */
export interface JsonBody {
  readonly body: Buffer;
  readonly contentHash: string;
}

/**
 * Reads a JSON file to the end that it has by now.
 * @throws OverLimit if its decoded content is larger than `max_body`
 */
export async function readJsonBody(file: FileToRead): Promise<JsonBody> {
  const { plan, path } = file;
  const chunks: Buffer[] = [];
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const chunk of openContent(file, await isGzip(plan.name, file), 0, Infinity) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > plan.maxBodyBytes) {
      throw new OverLimit(
        `file: ${plan.name}: ${path} is larger than ${plan.maxBodyBytes} bytes, the limit of max_body; raise it, or write the file as ndjson, which is read line by line`,
      );
    }
    digest.update(chunk);
    chunks.push(chunk);
  }
  return { body: Buffer.concat(chunks), contentHash: digest.digest('hex').slice(0, 32) };
}

/** What is read of a JSON file. */
export interface JsonFile {
  /** As the configuration has it, and absolute: for messages. */
  readonly path: string;
  readonly absolutePath: string;
  readonly body: Buffer;
}

export interface ReadJsonFile {
  readonly items: PageItem[];
  readonly warnings: readonly Warning[];
}

/**
 * The records of a JSON file.
 * @throws OverLimit, WrongShape; UnreadableBody where it is no JSON
 */
export function readJsonRecords(plan: SourcePlan, { path, absolutePath, body }: JsonFile, trace: Trace): ReadJsonFile {
  if (plan.type !== 'file') throw new TypeError(`source ${plan.name} is not a file source`);
  const encoding = plan.encoding ?? wideCharset(body);
  const { text, warnings } = decodeDocument({ kind: 'json', body, contentType: undefined, encoding });
  assertJsonSize(`file: ${plan.name}: ${absolutePath}`, text);
  const { value, exact } = parsed(plan, `file: ${plan.name}: ${absolutePath}`, text);
  trace.step('records');
  const records = findRecords(`${plan.name}: ${path}`, plan.records, compileExpression(plan.records), value);
  assertRecordCount(`file: ${plan.name}: ${path}`, records);
  const mayBeDeep = isTextDeeperThan(text, maxDepth);
  return { items: records.map((record, index) => ({ index, raw: { value: record, exact, mayBeDeep } })), warnings };
}

function parsed(plan: SourcePlan, subject: string, text: string): ParsedJson {
  try {
    return plan.shaping ? parseDigits(text) : parseJson(text);
  } catch (error) {
    const where = positionOf(text, error);
    throw new UnreadableBody(
      `${subject} is not JSON at ${hidesValues(plan) ? where.replace(/ \(.*$/s, '') : where}; expected one JSON document, or format: ndjson for one a line`,
    );
  }
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
