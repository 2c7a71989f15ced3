import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3 } from './s3-client.ts';
import { attemptsOf, isAbsent, isRefusal, nameOf } from './s3-failure.ts';

/** Names the writer of an object, in its metadata. */
const tokenName = 'daybook-token';
/** How often a write is tried again that met another one of the same key. */
const conflictTries = 8;
const conflictMs = 50;

/** Who writes an object: a repeated write may meet its own object, and has to know it. */
export function newToken(): { readonly token: string; readonly metadata: Readonly<Record<string, string>> } {
  const token = randomUUID();
  return { token, metadata: { [tokenName]: token } };
}

/** Creates an object unless there is one. @returns whether it is this one that is there now */
export async function putIfAbsent(s3: S3, path: string, content: Buffer): Promise<boolean> {
  const { token, metadata } = newToken();
  const command = () =>
    new s3.sdk.PutObjectCommand({
      ...s3.at(path),
      Body: content,
      ContentLength: content.length,
      IfNoneMatch: '*',
      Metadata: metadata,
    });
  // Of a try whose answer was lost no one knows whether it was stored.
  let isUnsure = false;
  for (let tries = 1; ; tries++) {
    try {
      await s3.client.send(command(), s3.sending(content.length));
      return true;
    } catch (error) {
      isUnsure ||= attemptsOf(error) > 1 || !isRefusal(error);
      // The name decides: gateways give other statuses.
      if (nameOf(error) === 'PreconditionFailed') return isUnsure && (await ownerOf(s3, path, token)) === 'own';
      if (nameOf(error) !== 'ConditionalRequestConflict' || tries === conflictTries) {
        return settle(s3, path, token, isUnsure, error);
      }
      await sleep(conflictMs * tries * (1 + Math.random()));
    }
  }
}

/**
 * How a conditional write ended that failed: an object that is there decides.
 * @throws the failure, if there is none: then it may be repeated
 */
export async function settle(s3: S3, path: string, token: string, isUnsure: boolean, error: unknown): Promise<boolean> {
  if (!isUnsure) throw error;
  const owner = await ownerOf(s3, path, token).catch(() => 'none' as const);
  if (owner === 'none') throw error;
  return owner === 'own';
}

export async function ownerOf(s3: S3, path: string, token: string): Promise<'own' | 'other' | 'none'> {
  try {
    const { Metadata } = await s3.client.send(new s3.sdk.HeadObjectCommand(s3.at(path)));
    return Metadata?.[tokenName] === token ? 'own' : 'other';
  } catch (error) {
    if (isAbsent(error)) return 'none';
    throw error;
  }
}
