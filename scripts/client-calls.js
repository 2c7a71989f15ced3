// The folders below may call the Temporal client: activities use helpers of src/temporal, workflows have their own
// commands, and lower folders do not know Temporal. The lint checks imports; a client that is passed in, or that an
// activity's context provides, is visible in the text only.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build-inputs.js';

const mayCall = /^(?:temporal|status|worker|cli)\//;
const call = /client\s*[?!]?\.\s*(?:workflow|schedule|workflowService|operatorService)\b/gi;

/** Where files of src call the client that may not: `file:line: call`. */
export function misplacedClientCalls() {
  const src = join(root, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !mayCall.test(file))
    .flatMap((file) => callsIn(`src/${file}`, readFileSync(join(src, file), 'utf8')));
}

/** @param {string} file @param {string} text */
function callsIn(file, text) {
  return [...text.matchAll(call)].map(
    (match) => `${file}:${text.slice(0, match.index).split('\n').length}: ${match[0].replaceAll(/\s/g, '')}`,
  );
}
