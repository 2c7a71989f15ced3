import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { accepts } from '../../../src/embedded/processes/start-server.ts';
import { startOrder, type ComposeFile, type ComposeService } from './compose.ts';
import { Container } from './container.ts';
import { layOutImage, readImage } from './dockerfile.ts';
import { freePort } from '../servers/free-port.ts';
import { until } from '../until.ts';

/**
 * Daybook's services of docker-compose.yml as plain processes, with the image's files, entrypoint and environment. Servers
 * are those of the test.
 */
export class ComposeProcesses {
  readonly image = readImage();
  /** What would be `/app` of the image. */
  readonly imageFolder: string;
  readonly containers = new Map<string, Container>();
  /** Services in the order in which they began, and one-shots in which they ended. */
  readonly events: string[] = [];
  readonly #file: ComposeFile;
  readonly #folder: string;
  readonly #servers: Readonly<Record<string, string>>;
  readonly #ports = new Map<string, number>();

  /**
   * @param folder of the test: mounts are below it, by their last part (`/etc/daybook` → `mounts/etc-daybook`)
   * @param servers variables that name the test's servers, in place of the containers' names
   */
  constructor(file: ComposeFile, folder: string, servers: Readonly<Record<string, string>>) {
    this.#file = file;
    this.#folder = folder;
    this.#servers = servers;
    this.imageFolder = layOutImage(join(folder, 'image'));
  }

  /** The folder that a container sees at a path. */
  mount(path: string): string {
    const folder = join(this.#folder, 'mounts', path.replaceAll('/', '-'));
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Starts services with what they depend on, as `docker compose up --wait` does. Servers are there already. */
  async up(names: readonly string[]): Promise<void> {
    for (const name of startOrder(this.#file, names).filter((each) => this.#isDaybook(each))) {
      await this.start(name);
      if (this.#service(name).restart === 'unless-stopped') await this.healthy(name);
      else await this.#completed(name);
    }
  }

  async start(name: string): Promise<Container> {
    const port = this.#ports.get(name) ?? (await freePort());
    this.#ports.set(name, port);
    const { command = this.image.command } = this.#service(name);
    const container = new Container({
      folder: this.imageFolder,
      entrypoint: this.image.entrypoint,
      command,
      environment: { ...this.#environment(name), DAYBOOK_HTTP: `127.0.0.1:${port}` },
    });
    this.containers.set(name, container);
    this.events.push(`${name} starts`);
    return container;
  }

  /** Waits until the health check of a service passes. */
  async healthy(name: string): Promise<void> {
    const [kind, ...words] = this.#service(name).healthcheck?.test ?? [];
    if (kind !== 'CMD') throw new Error(`docker-compose.yml: ${name} has no health check of its own`);
    const container = this.#container(name);
    // A check is a process; the first that can pass is the one after the service listens.
    const port = this.#ports.get(name) ?? 0;
    await until(
      () => `${name} listens:\n${container.output}`,
      () => requireRunning(name, container) && accepts(port),
      60_000,
    );
    let answer = '';
    await until(
      () => `${name} is healthy: ${answer}\n${container.output}`,
      async () => {
        requireRunning(name, container);
        const { code, output } = await container.exec(words);
        answer = output;
        return code === 0;
      },
      60_000,
    );
    this.events.push(`${name} is healthy`);
  }

  /** Stops a service as Docker does, and returns its exit code. */
  async stop(name: string): Promise<number | null> {
    const container = this.#container(name);
    container.kill('SIGTERM');
    return container.ended(Number.parseInt(this.#service(name).stop_grace_period ?? '10s', 10) * 1_000);
  }

  async close(): Promise<void> {
    for (const container of this.containers.values()) {
      if (!container.isRunning) continue;
      container.kill('SIGKILL');
      await container.ended();
    }
  }

  async #completed(name: string): Promise<void> {
    const container = this.#container(name);
    const code = await container.ended();
    if (code !== 0) throw new Error(`${name} ended with ${code}:\n${container.output}`);
    this.events.push(`${name} ended`);
  }

  #environment(name: string): Record<string, string> {
    const { environment = {}, volumes = [] } = this.#service(name);
    const mounted = volumes.map((volume) => volume.split(':')[1] ?? '');
    const given = Object.entries({ ...this.image.environment, ...environment, ...this.#servers });
    return Object.fromEntries(
      given.map(([variable, value]) => {
        const at = mounted.find((path) => value.startsWith(path));
        return [variable, at === undefined ? value : this.mount(at) + value.slice(at.length)];
      }),
    );
  }

  #isDaybook(name: string): boolean {
    return this.#service(name).build !== undefined;
  }

  #service(name: string): ComposeService {
    const service = this.#file.services[name];
    if (!service) throw new Error(`docker-compose.yml: found no service ${name}`);
    return service;
  }

  #container(name: string): Container {
    const container = this.containers.get(name);
    if (!container) throw new Error(`${name} was not started`);
    return container;
  }
}

/** A service that has ended does not become healthy: its output tells why at once. */
function requireRunning(name: string, container: Container): true {
  if (!container.isRunning) throw new Error(`${name} ended:\n${container.output}`);
  return true;
}
