import { openStores } from '../../store/open-stores.ts';
import type { Context } from '../options/context.ts';
import { shortPath } from './short-path.ts';
import { suggestion } from './suggestion.ts';

export interface Addresses {
  /** The Web UI; null if it is not known. */
  readonly ui: string | null;
  readonly http: string | null;
  readonly sources: readonly string[];
}

/** What `up` prints once everything runs: where to look, and what to try next. */
export function startupBanner(context: Context, { ui, http, sources }: Addresses): string {
  const [first = 'SOURCE'] = sources;
  const lines: [string, string][] = [
    ['Web UI', ui ?? 'see your Temporal server'],
    ['CSV', csvOf(context)],
    ['SQL', './daybook sql "select source, count(*) from raw_events group by 1"'],
    ['status', http === null ? 'off' : `${http}/`],
    ['health', http === null ? 'off' : `${http}/readyz`],
    ['sources', shortPath(context.environment.configFile)],
    ['next', './daybook status'],
    ['', `./daybook run ${first}`],
    ['', `./daybook preview ${first}`],
  ];
  return [
    '',
    ...lines.map(([name, text]) => `  ${name.padEnd(8)} ${suggestion(text)}`),
    '',
    '  Ctrl-C stops everything; the next start resumes from here.',
    '',
  ].join('\n');
}

/** Where the journal is. */
function csvOf({ environment }: Context): string {
  const { setting, name } = openStores(environment).journal;
  return `${setting.kind === 'directory' ? shortPath(name) : name}/`;
}
