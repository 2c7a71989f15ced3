import { hash } from 'node:crypto';
import type { KeptRecord } from '../../../domain/dead-letters/dead-letter.ts';
import { isJsonObject } from '../../../formats/exact-json.ts';
import { rawText, type RawRecord } from '../extract-record.ts';

/** Of a text that a mask could not be applied to only its size and hash are kept. */
export function withheld(text: string): KeptRecord {
  return { recordText: 'null', size: Buffer.byteLength(text), sha256: hash('sha256', text, 'hex') };
}

/** What a dead letter keeps of a record that could not be shaped. */
export function keptUnshaped(before: RawRecord, masks: boolean, isElement: boolean): KeptRecord {
  const recordText = rawText(before);
  if (masks) return withheld(recordText);
  return { recordText, shaped: false, ...(isElement ? { exploded: true } : {}) };
}

/** The same of one that was shaped: without a mask as the source sent it, so that a replay shapes it by the rules of then. */
export function keptShaped(
  { raw, before }: { readonly raw: RawRecord; readonly before: RawRecord },
  masks: boolean,
  isElement: boolean,
): KeptRecord {
  // Where there are no keys, no mask can be applied.
  if (masks && !isJsonObject(raw.value)) return withheld(rawText(before));
  if (masks) return { recordText: rawText(raw), shaped: true };
  return { recordText: rawText(before), ...(isElement ? { exploded: true } : {}) };
}
