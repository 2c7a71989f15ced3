// Makes sure that packages are installed and dist/ is built, at each start of a command: where nothing has changed since the last
// look, it loads and reads next to nothing. Plain Node: it runs before anything is installed.
import { isUnchanged } from './last-look.js';

const oldestNode = [20, 19];

/**
 * Makes sure that the command line can run.
 * @param {{ development: boolean }} options whether packages for tests and checks are wanted, too
 */
export async function prepare(options) {
  checkNode();
  if (isUnchanged(options)) return;
  const { makeReady } = await import('./make-ready.js');
  await makeReady(options);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  process.stderr.write(
    `daybook: found Node.js ${process.versions.node}, expected ${oldestNode.join('.')} or newer: https://nodejs.org\n`,
  );
  process.exit(1);
}
