// Whether node_modules/ and dist/ are what package-lock.json and src/ ask for. Plain Node: it runs before anything is
// installed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { buildInputFiles, buildStampFile, installedFile, root } from './build-inputs.js';

/** A hash of everything dist/ is built from. */
export function buildHash() {
  const hash = createHash('sha256');
  for (const file of buildInputFiles())
    hash
      .update(`${file}\0`)
      .update(readFileSync(root + file))
      .update('\0');
  return hash.digest('hex');
}

export function isBuilt() {
  return existsSync(root + buildStampFile) && readFileSync(root + buildStampFile, 'utf8') === buildHash();
}

/** Whether every package that package-lock.json wants here is installed in that version. */
export function isInstalled({ development }) {
  if (!existsSync(root + installedFile)) return false;
  const wanted = packagesOf('package-lock.json');
  const present = packagesOf(installedFile);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || entry.optional || entry.devOptional || entry.peer || (entry.dev && !development)) return true;
    return present[path]?.version === entry.version && present[path]?.integrity === entry.integrity;
  });
}

function packagesOf(file) {
  return JSON.parse(readFileSync(root + file, 'utf8')).packages;
}
