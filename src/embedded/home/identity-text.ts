import { isCopy, identifyFolder } from './folder-identity.ts';
import { identify, type ProcessIdentity } from '../processes/process-identity.ts';
import { isIdentity } from './stack-file.ts';

/** This process, as files in a folder name it. */
export function identityText(folder: string): string {
  return JSON.stringify({ ...identify(process.pid), folder: identifyFolder(folder) });
}

/** The process that a file names; null = the file is damaged. */
export function parseIdentity(text: string): ProcessIdentity | null {
  const value = parsed(text);
  return isIdentity(value) ? { pid: value.pid, startedAt: value.startedAt } : null;
}

/** Whether the file came with a copy of the folder: its process has the other one. */
export function isCopied(text: string, folder: string): boolean {
  const value = parsed(text);
  return isIdentity(value) && isCopy((value as { readonly folder?: unknown }).folder, folder);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
