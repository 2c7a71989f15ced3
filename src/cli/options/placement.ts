import type { Client } from '@temporalio/client';
import type { Config } from '../../config/file/parse-config.ts';
import { pathBeside } from '../../config/file/remote-files.ts';
import { resolveReferences } from '../../config/secrets/references.ts';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import { CannotStart, UsageError } from '../../domain/errors.ts';
import type { Instance } from '../../domain/instance.ts';
import { sourcesByLabel } from '../../domain/plan/label.ts';
import { noWorkerText, unboundFilesText } from '../../domain/plan/placement.ts';
import { labelPollers, pollingHosts } from '../../temporal/label-pollers.ts';
import { isObjectUrl } from '../../domain/storage/object-files.ts';
import type { SourceWarning } from '../output/id-changes.ts';
import type { Context } from './context.ts';

/** What Temporal knows of the workers; null where it was not asked. */
export interface KnownWorkers {
  /** By label. */
  readonly byLabel: ReadonlyMap<string, readonly string[]>;
  readonly hosts: readonly string[];
}

/** Whether it matters where sources are fetched. */
export function dependsOnPlace({ sources }: Config): boolean {
  return sources.some(({ type, runs_on: label }) => type === 'file' || label !== undefined);
}

/** Asks which workers have the labels of the configuration, and on which machines workers are. */
export async function askWorkers(client: Client, instance: Instance, { sources }: Config): Promise<KnownWorkers> {
  const [byLabel, hosts] = await Promise.all([
    labelPollers(client, instance, [...sourcesByLabel(sources).keys()]),
    pollingHosts(client, instance),
  ]);
  return { byLabel, hosts };
}

/** Sources that depend on where they are fetched: labels that no worker has, and files that other machines may not have. */
export function placementWarnings(
  { environment }: Context,
  { sources }: Config,
  workers: KnownWorkers | null,
): SourceWarning[] {
  const lonely = [...sourcesByLabel(sources)].flatMap(([label, names]): SourceWarning[] => {
    const source = names[0];
    if (source === undefined || workers?.byLabel.get(label)?.length !== 0) return [];
    return [{ source, code: 'no_worker', message: noWorkerText(label, names), count: 1 }];
  });
  const hosts = workers?.hosts ?? [];
  const because =
    hosts.length > 1
      ? `workers are on several (${hosts.join(', ')})`
      : environment.store.kind === 's3'
        ? 'the store is in a bucket, so workers may be on others'
        : null;
  if (because === null) return lonely;
  const unbound = sources
    .filter((source) => isUnbound(source, environment.configFile))
    .map(({ name, path }): SourceWarning => {
      const text = unboundFilesText(resolveReferences(path, environment.lookUp), because);
      return { source: name, code: 'files_unbound', message: text, count: 1 };
    });
  return [...lonely, ...unbound];
}

type FileSource = Extract<SourceConfig, { readonly type: 'file' }>;

function isUnbound(source: SourceConfig, configFile: string): source is FileSource {
  return source.type === 'file' && source.runs_on === undefined && !isObjectUrl(pathBeside(configFile, source.path));
}

/** @throws CannotStart if one of the sources runs on a label that no worker has: it would wait for one */
export async function requireLabels(
  client: Client,
  instance: Instance,
  sources: readonly SourceConfig[],
): Promise<void> {
  const labels = sourcesByLabel(sources);
  for (const [label, pollers] of await labelPollers(client, instance, [...labels.keys()])) {
    if (pollers.length === 0) throw new CannotStart(`run: ${noWorkerText(label, labels.get(label) ?? [])}`);
  }
}

/** The same for a worker that this process starts. @throws UsageError */
export function requireOwnLabels({ environment }: Context, sources: readonly SourceConfig[]): void {
  for (const [label, names] of sourcesByLabel(sources)) {
    if (environment.labels.includes(label)) continue;
    throw new UsageError(
      `run: ${names.join(', ')} runs on "${label}", a label that this worker lacks; set DAYBOOK_LABELS=${label}`,
    );
  }
}
