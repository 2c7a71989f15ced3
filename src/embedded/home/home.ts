import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { privateFile, privateFolder, replaceFile, sweepTemporary } from './durable-file.ts';
import { findHolder } from './find-parts.ts';
import { identifyFolder, isCopy } from './folder-identity.ts';
import { HomeLock } from './home-lock.ts';
import { PortClaims } from './port-claims.ts';
import { identify, isAlive, type ProcessIdentity } from '../processes/process-identity.ts';
import {
  emptyStack,
  isEmpty,
  partNames,
  readStackFile,
  type PartName,
  type PortName,
  type StackFile,
} from './stack-file.ts';

export { partNames, type PartName } from './stack-file.ts';

/** The folder that holds the embedded stack's state, and what is known of its processes. */
export class Home {
  readonly folder: string;
  readonly #lock: HomeLock;
  readonly #claims = new PortClaims();
  /** What this process last read or wrote: a file that is damaged meanwhile can be written again. */
  #last: StackFile | null = null;

  constructor(folder: string) {
    this.folder = folder;
    this.#lock = new HomeLock(this.path('lock.json'), () => findHolder(this));
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  get ports(): StackFile['ports'] {
    return this.#read().ports;
  }

  /** Password of the embedded PostgreSQL; null = not known. */
  get password(): string | null {
    const { password } = this.#read();
    return password === '' ? null : password;
  }

  /** The processes that were started and not stopped, dead or alive. */
  get processes(): StackFile['processes'] {
    return this.#read().processes;
  }

  /** Why what the home knows cannot be read; null = it can, or nothing was ever written. */
  get damage(): string | null {
    const found = readStackFile(this.#file);
    return 'damage' in found ? found.damage : null;
  }

  isRunning(part: PartName): boolean {
    const known = this.processes[part];
    return known !== undefined && isAlive(known);
  }

  /** Whether a worker runs here, or the process that has the home is restarting it. */
  hasWorker(): boolean {
    return this.isRunning('worker') || (this.missingParts.includes('worker') && this.lockHolder() !== null);
  }

  /** Parts that were started, not stopped, and do not run: the process that has the home is restarting them. */
  get missingParts(): PartName[] {
    return partNames.filter((part) => this.processes[part] !== undefined && !this.isRunning(part));
  }

  /** Claims a port for this process, as {@link PortClaims} says, and remembers it. */
  async choosePort(name: PortName, preferred: number, host?: string): Promise<number> {
    const port = await this.#claims.claim(name, preferred, host);
    this.rememberPort(name, port);
    return port;
  }

  rememberPort(name: PortName, port: number): void {
    const stack = this.#read();
    this.#write({ ...stack, ports: { ...stack.ports, [name]: port } });
  }

  rememberProcess(part: PartName, pid: number): void {
    const stack = this.#read();
    this.#write({ ...stack, processes: { ...stack.processes, [part]: identify(pid) } });
  }

  forgetProcess(part: PartName): void {
    const stack = this.#read();
    const { [part]: _, ...processes } = stack.processes;
    this.#write({ ...stack, processes });
  }

  /** Only where PostgreSQL knows it: what is there is never replaced by one that it does not know. */
  rememberPassword(password: string): void {
    this.#write({ ...this.#read(), password });
  }

  /** A password for a cluster that does not exist yet, kept before it is used. */
  makePassword(): string {
    const password = this.password ?? newPassword();
    this.rememberPassword(password);
    return password;
  }

  /** Puts what was found out elsewhere instead of a damaged file, which stays beside it as `stack.json.damaged`. */
  recover(found: Pick<StackFile, 'ports' | 'processes'>): void {
    if (existsSync(this.#file)) {
      const aside = `${this.#file}.damaged`;
      renameSync(this.#file, aside);
      chmodSync(aside, privateFile);
    }
    this.#write({ ...emptyStack, ...found });
  }

  /**
   * Takes the home for this process, and from other users' eyes.
   * @throws AlreadyRunning if another one that lives has it
   */
  lock(): void {
    this.#make();
    this.#lock.take();
    for (const name of ['stack.json', 'lock.json', 'temporal.version']) sweepTemporary(this.path(name));
    this.#tighten();
  }

  /** The process that has the home, if it is alive. */
  lockHolder(): ProcessIdentity | null {
    return this.#lock.holder();
  }

  unlock(): void {
    this.#claims.releaseAll();
    this.#lock.release();
  }

  /** Writes again what was damaged while this process has the home; returns the names of those files. */
  keep(): string[] {
    if (!existsSync(this.folder)) return [];
    const found = readStackFile(this.#file);
    const isWhole = this.#last === null || ('stack' in found && !this.#isEmptied(found.stack));
    if (!isWhole && this.#last) this.#write(this.#last);
    return [...(isWhole ? [] : ['stack.json']), ...(this.#lock.keep() ? ['lock.json'] : [])];
  }

  /** Lets a group pass through the folder, and see nothing in it: PostgreSQL's, whose cluster is there. */
  letPass(group: number): void {
    this.#make();
    const { uid, gid, mode } = statSync(this.folder);
    if (gid !== group) chownSync(this.folder, uid, group);
    if ((mode & 0o777) !== passable) chmodSync(this.folder, passable);
  }

  get #file(): string {
    return this.path('stack.json');
  }

  #make(): void {
    mkdirSync(dirname(this.folder), { recursive: true });
    mkdirSync(this.folder, { recursive: true, mode: privateFolder });
  }

  /** Earlier versions let others read. */
  #tighten(): void {
    narrow(realpathSync(this.folder), privateFolder);
    for (const name of readdirSync(this.folder)) {
      if (/^(?:stack|lock)\.json|^temporal\.db/.test(name)) narrow(this.path(name), privateFile);
    }
    const logs = this.path('logs');
    if (!existsSync(logs)) return;
    narrow(logs, privateFolder);
    for (const name of readdirSync(logs)) narrow(join(logs, name), privateFile);
  }

  #read(): StackFile {
    const found = readStackFile(this.#file);
    if ('stack' in found && !this.#isEmptied(found.stack)) this.#last = this.#own(found.stack);
    return this.#last ?? emptyStack;
  }

  /** A copy of another home brings its file along: what runs there is not ours to use, nor to stop. */
  #own(stack: StackFile): StackFile {
    return isCopy(stack.folder, this.folder) ? { ...stack, processes: {} } : stack;
  }

  /** Whether a file says nothing (`{}`), although this process knows better: it would not stop what it has started. */
  #isEmptied(stack: StackFile): boolean {
    return isEmpty(stack) && this.#last !== null && !isEmpty(this.#last);
  }

  #write(stack: StackFile): void {
    this.#make();
    const own = { ...stack, folder: identifyFolder(this.folder) };
    replaceFile(this.#file, `${JSON.stringify(own, null, 2)}\n`);
    this.#last = own;
  }
}

/** For the owner all, for one group to pass through. */
const passable = 0o710;

export function newPassword(): string {
  return randomBytes(18).toString('base64url');
}

/** Takes rights away that others have, and leaves the owner's. What belongs to another user is not ours to change. */
function narrow(path: string, mode: number): void {
  // Another start removes files of its own in this moment.
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found || found.isSymbolicLink() || (found.mode & 0o077) === 0) return;
  if (found.uid === process.getuid?.() || process.getuid?.() === 0) chmodSync(path, found.mode & mode);
}
