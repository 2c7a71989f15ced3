import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { fileVersion } from '../file/file-version.ts';

/** What a `.env` holds, as it is at each call; nothing where there is none. */
export type DotEnv = () => Readonly<Record<string, string | undefined>>;

/** The `.env` beside a configuration. It is read again when it has changed, as the configuration is. */
export function openDotEnv(configFile: string): DotEnv {
  const file = join(dirname(configFile), '.env');
  let seen: string | null = null;
  let content: Readonly<Record<string, string | undefined>> = {};
  return () => {
    try {
      const version = fileVersion(file);
      if (version !== seen) content = parseEnv(readFileSync(file, 'utf8'));
      seen = version;
    } catch {
      [seen, content] = [null, {}];
    }
    return content;
  };
}
