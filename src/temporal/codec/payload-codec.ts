import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { CodecKey } from '../../config/environment/codec-keys.ts';
import { PayloadUnreadable } from '../../domain/errors.ts';
import { decrypt, encrypt } from '../../formats/encryption.ts';

/** How an encrypted payload is recognized. Stored in histories: never to be changed. */
const mark = 'binary/daybook-aes-256-gcm';
const keyField = 'daybook-key';

const { Payload: message } = proto.temporal.api.common.v1;

/**
 * Encrypts payloads with the first key unless that only decrypts, and decrypts those that have the mark; all others pass as they are: what the Temporal CLI
 * sends, and histories from before. Without a key it encrypts nothing, but still names the key that is missing.
 */
export function createPayloadCodec(keys: readonly CodecKey[]): PayloadCodec {
  const current = keys[0]?.decryptsOnly === true ? undefined : keys[0];
  const byId = new Map(keys.map((key) => [key.id, key]));
  return {
    encode: async (payloads) => (current === undefined ? payloads : payloads.map((one) => encoded(current, one))),
    decode: async (payloads) => payloads.map((one) => decoded(byId, one)),
  };
}

/** The same, which encrypts nothing. */
export function readingOnly(codec: PayloadCodec): PayloadCodec {
  return { encode: async (payloads) => payloads, decode: (payloads, context) => codec.decode(payloads, context) };
}

function encoded(key: CodecKey, payload: Payload): Payload {
  return {
    metadata: { encoding: Buffer.from(mark), [keyField]: Buffer.from(key.id) },
    data: encrypt(key, message.encode(payload).finish()),
  };
}

function decoded(keys: ReadonlyMap<string, CodecKey>, payload: Payload): Payload {
  if (textOf(payload, 'encoding') !== mark) return payload;
  const id = textOf(payload, keyField);
  const key = keys.get(id);
  if (key === undefined) {
    throw new PayloadUnreadable(
      `temporal: a payload is encrypted with the key "${id}", which DAYBOOK_CODEC_KEYS does not have; add it after the first key, or after "none"`,
    );
  }
  try {
    return message.decode(decrypt(key, payload.data ?? new Uint8Array()));
  } catch {
    throw new PayloadUnreadable(
      `temporal: a payload cannot be decrypted with the key "${id}"; DAYBOOK_CODEC_KEYS has another key of this id, or the payload was changed`,
    );
  }
}

function textOf({ metadata }: Payload, field: string): string {
  return Buffer.from(metadata?.[field] ?? []).toString();
}
