import { isObject } from '../../domain/is-object.ts';
import { readFileSync } from 'node:fs';
import { messageOf } from '../../domain/errors.ts';
import type { FolderIdentity } from './folder-identity.ts';
import type { ProcessIdentity } from '../processes/process-identity.ts';

/** Parts of the stack that run as processes of their own, in the order in which they are stopped. */
export const partNames = ['worker', 'origin', 'temporal', 'postgres'] as const;
export type PartName = (typeof partNames)[number];

/** Ports that are remembered from start to start. */
const portNames = ['postgres', 'temporal', 'temporalUi', 'http', 'origin'] as const;
export type PortName = (typeof portNames)[number];

/** What a home remembers of its stack, in `stack.json`. */
export interface StackFile {
  readonly ports: Readonly<Partial<Record<PortName, number>>>;
  readonly processes: Readonly<Partial<Record<PartName, ProcessIdentity>>>;
  /** Of the embedded PostgreSQL; empty = not known. */
  readonly password: string;
  /** Where the file was written: a copy of it names processes of another home. */
  readonly folder?: FolderIdentity | undefined;
}

export const emptyStack: StackFile = { ports: {}, processes: {}, password: '' };

/** Whether nothing is known. */
export function isEmpty({ ports, processes, password }: StackFile): boolean {
  return password === '' && [ports, processes].every((known) => Object.keys(known).length === 0);
}

/** The file as it is; or why it cannot be used. */
export type FoundStack = { readonly stack: StackFile } | { readonly missing: true } | { readonly damage: string };

/** Reads the file. Whatever is in it, this does not throw. */
export function readStackFile(file: string): FoundStack {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT' ? { missing: true } : { damage: messageOf(error) };
  }
  if (text.trim() === '') return { damage: 'it is empty' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { damage: 'it is not valid JSON, perhaps cut off' };
  }
  return isStack(value) ? { stack: { ...emptyStack, ...value } } : { damage: 'it is not a stack file' };
}

function isStack(value: unknown): value is Partial<StackFile> {
  if (!isObject(value)) return false;
  const { ports = {}, processes = {}, password = '' } = value;
  return (
    typeof password === 'string' &&
    isObject(ports) &&
    Object.values(ports).every((port) => Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536) &&
    isObject(processes) &&
    Object.values(processes).every(isIdentity)
  );
}

export function isIdentity(value: unknown): value is ProcessIdentity {
  if (!isObject(value)) return false;
  const { pid, startedAt } = value;
  return Number.isInteger(pid) && Number(pid) > 0 && (startedAt === null || typeof startedAt === 'string');
}
