import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DaybookError } from '../domain/errors.ts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

/** Parts of the stack that run as processes of their own, in the order in which they are stopped. */
export const partNames = ['worker', 'origin', 'temporal', 'postgres'] as const;
export type PartName = (typeof partNames)[number];

/** Ports that are remembered from start to start. */
export type PortName = 'postgres' | 'temporal' | 'temporalUi' | 'http' | 'origin';

interface StackFile {
  readonly ports: Readonly<Partial<Record<PortName, number>>>;
  readonly processes: Readonly<Partial<Record<PartName, ProcessIdentity>>>;
  readonly password: string;
}

/** Another `up` runs in this home. */
class AlreadyRunning extends DaybookError {
  readonly type = 'AlreadyRunning';
  readonly next = 'never';
}

/** The folder that holds the embedded stack's state, and what is known of its processes. */
export class Home {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  get ports(): StackFile['ports'] {
    return this.#read().ports;
  }

  /** Password of the embedded PostgreSQL; made once. */
  get password(): string {
    const stack = this.#read();
    if (stack.password !== '') return stack.password;
    const password = randomBytes(18).toString('base64url');
    this.#write({ ...stack, password });
    return password;
  }

  /** The processes that were started and not stopped, dead or alive. */
  get processes(): StackFile['processes'] {
    return this.#read().processes;
  }

  isRunning(part: PartName): boolean {
    const known = this.processes[part];
    return known !== undefined && isAlive(known);
  }

  /** Parts that were started, not stopped, and do not run: whoever has the home is starting them again. */
  get missingParts(): PartName[] {
    return partNames.filter((part) => this.processes[part] !== undefined && !this.isRunning(part));
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

  /**
   * Takes the home for this process.
   * @throws AlreadyRunning where another one that lives has it
   */
  lock(): void {
    mkdirSync(this.folder, { recursive: true });
    const holder = this.lockHolder();
    if (holder) {
      throw new AlreadyRunning(
        `embedded: found a stack running in ${this.folder} (process ${holder.pid}), expected none; stop it with Ctrl-C there, or: kill ${holder.pid}`,
      );
    }
    // Of two starts at the same moment one fails here.
    rmSync(this.path('lock.json'), { force: true });
    try {
      writeFileSync(this.path('lock.json'), JSON.stringify(identify(process.pid)), { flag: 'wx' });
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
      throw new AlreadyRunning(`embedded: another start is taking ${this.folder} just now, expected none`);
    }
  }

  /** Who has the home, if that process lives. */
  lockHolder(): ProcessIdentity | null {
    try {
      const holder = JSON.parse(readFileSync(this.path('lock.json'), 'utf8')) as ProcessIdentity;
      return holder.pid !== process.pid && isAlive(holder) ? holder : null;
    } catch {
      return null;
    }
  }

  unlock(): void {
    rmSync(this.path('lock.json'), { force: true });
  }

  #read(): StackFile {
    const empty: StackFile = { ports: {}, processes: {}, password: '' };
    if (!existsSync(this.path('stack.json'))) return empty;
    try {
      return { ...empty, ...(JSON.parse(readFileSync(this.path('stack.json'), 'utf8')) as Partial<StackFile>) };
    } catch {
      return empty;
    }
  }

  #write(stack: StackFile): void {
    mkdirSync(this.folder, { recursive: true });
    const temporary = this.path(`stack.json.${process.pid}`);
    writeFileSync(temporary, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, this.path('stack.json'));
  }
}
