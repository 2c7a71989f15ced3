// What the last look at packages and dist/ found in order: where no file has another size or time since then, their contents need
// not be read again. Plain Node: it runs before anything is installed.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { buildInputFiles, buildStampFile, installedFile, root } from './build-inputs.js';

const lookFile = (development) => `${root}dist/.last-look${development ? '-development' : ''}`;
/** An image's layers keep times in whole seconds. A file that has changed within this time may change again within its second. */
const settledMs = 2_000;

/**
 * Whether the last look found everything in order, and nothing has changed since.
 * @param {{ development: boolean }} options
 */
export function isUnchanged({ development }) {
  try {
    return readFileSync(lookFile(development), 'utf8') === startLook().text;
  } catch {
    return false;
  }
}

/** Sizes and times as they are now: to be taken before contents are read. */
export function startLook() {
  let newestMs = 0;
  const lines = [buildStampFile, installedFile, ...buildInputFiles()].map((file) => {
    const stats = statSync(root + file, { throwIfNoEntry: false });
    if (stats === undefined) return `${file} is missing`;
    newestMs = Math.max(newestMs, stats.mtimeMs);
    return `${file} ${stats.size} ${Math.floor(stats.mtimeMs / 1_000)}`;
  });
  return { text: lines.join('\n'), isSettled: newestMs < Date.now() - settledMs };
}

/** Remembers a look that found everything in order. */
export function rememberLook({ text, isSettled }, { development }) {
  const file = lookFile(development);
  try {
    if (isSettled) writeFileSync(file, text);
    else rmSync(file, { force: true });
  } catch {
    // An image's user may not write there: then each start reads the contents.
  }
}
