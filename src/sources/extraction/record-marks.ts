import { hash } from 'node:crypto';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import { formatMicros } from '../../domain/time/timestamp.ts';

/** Stands for the text of a dead letter. */
export function textMark(text: string): string {
  return sha256(text).slice(0, 22);
}

/** The same of a text whose hash is known, in hex. */
export function markOfHash(sum: string): string {
  return Buffer.from(sum, 'hex').toString('base64url').slice(0, 22);
}

/** Stands for a record's key and content; its time counts only where it came from the record. */
export function digestOf({ sourceId, payload, occurredAt, timeFromRecord }: AcceptedRecord): string {
  return sha256(`${sourceId}\n${timeFromRecord ? formatMicros(occurredAt) : ''}\n${payload}`).slice(0, 22);
}

/** Stands for an item as its page has it, before a page of its own adds to it. */
export function itemMark(text: string): string {
  return sha256(`item\n${text}`).slice(0, 22);
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}
