import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FanOutWorker } from './fan-out/fan-out-worker.ts';

/** A worker that notes all that a workflow would have in its history: inputs, results and failures of activities. */
export class WatchedWorker extends FanOutWorker {
  readonly history: string[] = [];

  override async run<R>(activity: (input: never) => Promise<unknown>, input: object, attempt = 1): Promise<R> {
    this.history.push(JSON.stringify(input));
    try {
      const result = await super.run<R>(activity, input, attempt);
      this.history.push(JSON.stringify(result));
      return result;
    } catch (error) {
      const { type, message, stack } = error as Error & { readonly type?: string };
      this.history.push(JSON.stringify({ type, message, stack }));
      throw error;
    }
  }
}

/** All files of a folder as text, but the configuration. */
export function textsOfFiles(folder: { readonly path: string; files(): string[] }): string[] {
  return folder
    .files()
    .filter((path) => !path.endsWith('daybook.yaml'))
    .map((path) => {
      const bytes = readFileSync(join(folder.path, path));
      const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
      return `${path}\n${(isGzip ? gunzipSync(bytes) : bytes).toString('latin1')}`;
    });
}
