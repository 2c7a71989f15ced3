import type { Config } from '../../config/file/parse-config.ts';
import { planOf } from '../../config/plan/plan.ts';
import { idChange } from '../../domain/state/id-change.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { readState } from '../../store/run/states.ts';
import { openStoreToRead, type Context } from '../options/context.ts';

export interface SourceWarning extends Warning {
  readonly source: string;
}

/** Sources whose `id` is another one than their records were stored by, and what their next run will do. */
export async function idChanges(context: Context, config: Config): Promise<SourceWarning[]> {
  const store = openStoreToRead(context, () => {});
  const warnings: SourceWarning[] = [];
  for (const source of config.sources) {
    // Damage, and a store that cannot be read, are for others to tell.
    const found = await readState(store, source.name).catch(() => null);
    const warning = idChange(source.name, found?.state ?? null, planOf(config, source));
    if (warning) warnings.push({ source: source.name, ...warning });
  }
  return warnings;
}
