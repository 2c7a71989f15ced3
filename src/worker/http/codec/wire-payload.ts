import type { Payload } from '@temporalio/common';
import { isObject } from '../../../domain/is-object.ts';

/** A payload as a codec server gets and returns it: bytes as base64. */
interface WirePayload {
  readonly metadata: Readonly<Record<string, string>>;
  readonly data: string;
}

/** Of one request. Small ones take a hundred times as much memory here as in the body. */
export const maxPayloads = 10_000;

/** The payloads of a request; null if it is not such a request. */
export function fromWire(text: string): readonly Payload[] | 'too many' | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  const payloads = isObject(body) ? (body as { payloads?: unknown }).payloads : null;
  if (!Array.isArray(payloads)) return null;
  if (payloads.length > maxPayloads) return 'too many';
  const read = payloads.map(payloadOf);
  return read.every((one) => one !== null) ? read : null;
}

export function toWire(payloads: readonly Payload[]): { readonly payloads: readonly WirePayload[] } {
  const base64 = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('base64');
  return {
    payloads: payloads.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)])),
      data: base64(data),
    })),
  };
}

function payloadOf(value: unknown): Payload | null {
  if (!isObject(value)) return null;
  const { metadata = {}, data = '' } = value as { metadata?: unknown; data?: unknown };
  if (!isObject(metadata) || typeof data !== 'string') return null;
  const fields = Object.entries(metadata).map(([name, text]) => [name, Buffer.from(String(text), 'base64')]);
  return { metadata: Object.fromEntries(fields), data: Buffer.from(data, 'base64') };
}
