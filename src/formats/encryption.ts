import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

/** A key, and what the ciphertext is bound to: it decrypts under the same name only. */
export interface EncryptionKey {
  readonly id: string;
  /** 32 bytes, a secret. */
  readonly bytes: Uint8Array;
}

const cipher = 'aes-256-gcm';
const [saltBytes, nonceBytes, tagBytes] = [16, 12, 16];

/**
 * Salt, nonce, ciphertext and tag. Each has a key of its own, derived from the given one and the salt: a random nonce of 12 bytes
 * may repeat after some billion payloads, which are a few weeks of a large installation.
 */
export function encrypt({ id, bytes }: EncryptionKey, plain: Uint8Array): Uint8Array {
  const salt = randomBytes(saltBytes);
  const nonce = randomBytes(nonceBytes);
  const encryption = createCipheriv(cipher, derived(bytes, salt), nonce).setAAD(Buffer.from(id));
  return Buffer.concat([salt, nonce, encryption.update(plain), encryption.final(), encryption.getAuthTag()]);
}

/** @throws if it was not encrypted with this key, or has changed since */
export function decrypt({ id, bytes }: EncryptionKey, data: Uint8Array): Uint8Array {
  const [salt, nonce] = [data.subarray(0, saltBytes), data.subarray(saltBytes, saltBytes + nonceBytes)];
  const body = data.subarray(saltBytes + nonceBytes, data.length - tagBytes);
  const decryption = createDecipheriv(cipher, derived(bytes, salt), nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(id))
    .setAuthTag(data.subarray(data.length - tagBytes));
  return Buffer.concat([decryption.update(body), decryption.final()]);
}

function derived(key: Uint8Array, salt: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(salt).digest();
}
