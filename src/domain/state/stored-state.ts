import { isObject } from '../is-object.ts';
import { dateOrders, type DateOrder } from '../plan/plan-parts.ts';
import type { FileProgress } from './file-progress.ts';
import type { DocumentMark, SourceState, UnfinishedPoll } from './source-state.ts';

/** Whether a stored value has the parts of a state: a value without them would block a workflow. */
export function isSourceState(value: unknown): value is SourceState {
  if (!isObject(value) || value['version'] !== 1) return false;
  const isText = (name: string) => value[name] === null || typeof value[name] === 'string';
  const { fetchFingerprint, shapeFingerprint, previousPoll, unfinished, file, sinkDownSince, failures, epoch } = value;
  const { feedItems, dateOrder, unreadableCursor, receiptAt, document, id = [], fanOut, fanOutCleared } = value;
  return (
    (epoch === undefined || (Number.isSafeInteger(epoch) && (epoch as number) > 0)) &&
    typeof fetchFingerprint === 'string' &&
    typeof shapeFingerprint === 'string' &&
    ['databaseId', 'watermark', 'etag', 'lastModified', 'files', 'notBefore', 'freshUntil', 'lastNewAt'].every(
      isText,
    ) &&
    Array.isArray(previousPoll) &&
    previousPoll.every((name) => typeof name === 'string') &&
    (document === undefined || document === null || isDocumentMark(document)) &&
    (feedItems === undefined || isText('feedItems')) &&
    (dateOrder === undefined || dateOrders.includes(dateOrder as DateOrder)) &&
    ['number', 'undefined'].includes(typeof unreadableCursor) &&
    [receiptAt, fanOut].every((text) => ['string', 'undefined'].includes(typeof text)) &&
    ['boolean', 'undefined'].includes(typeof fanOutCleared) &&
    (id === null || (Array.isArray(id) && id.every((expression) => typeof expression === 'string'))) &&
    (unfinished === null || isUnfinished(unfinished)) &&
    (file === null || isFileProgress(file)) &&
    isObject(sinkDownSince) &&
    (failures === undefined || failures === null || (isObject(failures) && typeof failures['count'] === 'number'))
  );
}

function isDocumentMark(value: unknown): value is DocumentMark {
  return isObject(value) && typeof value['sha256'] === 'string' && Array.isArray(value['poll']);
}

/** Those of 0.1.0 have fewer fields. */
function isUnfinished(value: unknown): value is UnfinishedPoll {
  if (!isObject(value) || typeof value['page'] !== 'number') return false;
  const isText = (name: string) => value[name] === null || ['string', 'undefined'].includes(typeof value[name]);
  const { skip, keysKept, keyBlobs = [], startedAt, cuts, seen = [], distinct, total, tail = [] } = value;
  return (
    ['cursor', 'since', 'watermark'].every(isText) &&
    ['number', 'undefined'].includes(typeof skip) &&
    (keysKept === null || ['number', 'undefined'].includes(typeof keysKept)) &&
    ['string', 'undefined'].includes(typeof startedAt) &&
    [distinct, total].every((number) => ['number', 'undefined'].includes(typeof number)) &&
    [seen, tail].every((hashes) => Array.isArray(hashes) && hashes.every((hash) => typeof hash === 'string')) &&
    (cuts === undefined || (isObject(cuts) && ['page', 'times'].every((name) => typeof cuts[name] === 'number'))) &&
    Array.isArray(keyBlobs) &&
    keyBlobs.every((name) => typeof name === 'string')
  );
}

/** Whether a stored value says how far a file was read. */
export function isFileProgress(value: unknown): value is FileProgress {
  if (!isObject(value)) return false;
  const { headHash, complete, waitsForNewline, contentHash, failed, openRow, blocks, inode } = value;
  return (
    ['offset', 'lines', 'size', 'headBytes'].every((name) => typeof value[name] === 'number') &&
    typeof headHash === 'string' &&
    typeof complete === 'boolean' &&
    typeof waitsForNewline === 'boolean' &&
    ['changedMs', 'checkedMs', 'nextBlock', 'wholeFrom'].every((name) =>
      ['number', 'undefined'].includes(typeof value[name]),
    ) &&
    [contentHash, inode].every((text) => ['string', 'undefined'].includes(typeof text)) &&
    (openRow === undefined || hasNumbers(openRow, ['offset', 'lines', 'textEnd'])) &&
    (blocks === undefined || (hasNumbers(blocks, ['bytes']) && typeof blocks['digests'] === 'string')) &&
    (failed === undefined ||
      (isObject(failed) && typeof failed['run'] === 'string' && typeof failed['tries'] === 'number'))
  );
}

function hasNumbers(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  return isObject(value) && names.every((name) => typeof value[name] === 'number');
}
