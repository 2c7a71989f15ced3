import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { remoteConfigSetting } from '../../config/environment/remote-config-setting.ts';
import { registerRemoteConfig, remoteConfigOf, type RemoteConfig } from '../../config/file/remote-files.ts';
import { CannotStart, messageOf } from '../../domain/errors.ts';
import { createObjectFiles } from '../../store/s3/object-files.ts';
import type { Logger } from '../../worker/logger.ts';
import type { CommonOptions } from '../options/context.ts';
import { ConfigCopy } from './copy-config.ts';

/** How often a worker looks for changes: a request for each file. */
const lookMs = 15_000;

const copies = new Map<string, ConfigCopy>();

/**
 * Copies the configuration from a bucket, if it is in one. If it is not there, commands say so as of any file.
 * @throws CannotStart where the bucket cannot be asked, and only the file could say which instance this is
 */
export async function copyRemoteConfig(options: CommonOptions): Promise<void> {
  const setting = remoteConfigSetting(options);
  if (setting === null) return;
  const { url, bucket, namesInstance } = setting;
  const remote = remoteConfigOf(url) ?? registerRemoteConfig(url, temporaryFolder());
  const copy = new ConfigCopy(remote, createObjectFiles(bucket));
  copies.set(url, copy);
  try {
    await copy.refresh();
  } catch {
    // An older copy of this process is not what the file says now.
    rmSync(remote.file, { force: true });
    if (namesInstance) return;
    throw new CannotStart(
      `config: ${remote.problem}; the configuration may name another instance: with DAYBOOK_INSTANCE a worker starts with the last good configuration`,
    );
  }
}

/** Copies it again whenever it has changed. @returns what ends that */
export function watchRemoteConfig(configFile: string, logger: Logger): () => void {
  const remote = remoteConfigOf(configFile);
  const copy = remote && copies.get(remote.url);
  if (!remote || !copy) return () => {};
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    await lookAgain(remote, copy, logger).finally(() => (isLooking = false));
  };
  const timer = setInterval(() => void look(), lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

async function lookAgain(remote: RemoteConfig, copy: ConfigCopy, logger: Logger): Promise<void> {
  const before = remote.problem;
  try {
    if (await copy.refresh()) logger.info({ file: remote.url }, 'Configuration read again');
  } catch (error) {
    // Said once: the copies stay in use.
    if (before === null)
      logger.warn({ file: remote.url, error: messageOf(error) }, 'Configuration cannot be read again');
  }
}

/** A folder of this process. */
function temporaryFolder(): string {
  const folder = makeFolder();
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function makeFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'daybook-config-'));
  } catch (error) {
    throw new CannotStart(
      `config: ${tmpdir()} takes no copy of the configuration: ${messageOf(error)}; set TMPDIR to a folder that can be written`,
    );
  }
}
