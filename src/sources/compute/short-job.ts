import type { Job } from './job.ts';

/** Largest document, or stretch of a file, that is read on the main thread, in bytes or characters. */
const maxSize = 1024 * 1024;

/** Whether a job of a plain source is over in milliseconds. */
export function isShort(job: Job): boolean {
  switch (job.kind) {
    case 'read':
      return job.response.body.byteLength <= maxSize;
    case 'file':
      return job.body.byteLength <= maxSize;
    case 'sort':
      return lengthOf(job.items.texts) <= maxSize;
    case 'ids':
      return lengthOf(job.payloads) <= maxSize;
    case 'stored':
      return job.rows.reduce((size, { payload }) => size + payload.length, 0) <= maxSize;
    default:
      return false;
  }
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((size, text) => size + text.length, 0);
}
