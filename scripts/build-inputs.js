// The files that decide whether packages are installed and dist/ is built. Plain Node: it runs before anything is installed.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Ends with a slash. */
export const root = fileURLToPath(new URL('..', import.meta.url));
/** From the root on: what dist/ was built from. */
export const buildStampFile = 'dist/.built-from';
/** From the root on: what npm installed. */
export const installedFile = 'node_modules/.package-lock.json';

const inputs = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const inputFolders = ['src', 'scripts'];

/** Files whose content decides what dist/ holds, from the root on. */
export function buildInputFiles() {
  return [...inputs, ...inputFolders.flatMap(filesBelow)];
}

function filesBelow(folder) {
  return readdirSync(root + folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}
