import type { CurrentConfig } from '../file/config-file.ts';

/** How long something is kept, in ms; null = forever. */
export interface Retentions {
  readonly csv: number | null;
  readonly deadLetters: number | null;
}

/** While the file is broken everything is kept: once it can be read, it may keep more than the last valid one. */
export function retentionsOf({ config, broken }: CurrentConfig): Retentions {
  if (broken) return { csv: null, deadLetters: null };
  return { csv: config.csv.retention, deadLetters: config.dead_letters.retention };
}
