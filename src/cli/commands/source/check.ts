import { dirname, resolve } from 'node:path';
import { counted } from '../../../domain/text/counted.ts';
import { gridOfGroup, groupsBySource, type ProbeGroup } from '../../../config/schedule/probe-groups.ts';
import { formatStart, nextStarts, startsOnGrid, zoneOf } from '../../../config/schedule/next-starts.ts';
import { sixFieldWarnings } from '../../../config/schedule/schedule-warning.ts';
import type { Config } from '../../../config/file/parse-config.ts';
import type { SourceConfig } from '../../../config/schema/source-schemas.ts';
import { absentFileWarnings } from '../../../sources/files/absent-files.ts';
import { ConfigProblems, formatProblem, type Problem } from '../../../config/file/problem.ts';
import { pathBeside, shownPath } from '../../../config/file/remote-files.ts';
import { createObjectFiles } from '../../../store/s3/object-files.ts';
import { planOf } from '../../../config/plan/plan.ts';
import { arithmeticWarnings, unknownFieldWarnings } from '../../../formats/jmespath/plan-paths.ts';
import { warningLine } from '../../../domain/run/warning.ts';
import { withSecrets } from '../../../config/secrets/secrets.ts';
import { TlsFiles } from '../../../sources/auth/tls-files.ts';
import { secretHeaderProblems } from '../../../config/secrets/secret-headers.ts';
import {
  createContext,
  externalTemporal,
  requireTemporal,
  type CommonOptions,
  type Context,
} from '../../options/context.ts';
import { askWorkers, dependsOnPlace, placementWarnings, type KnownWorkers } from '../../options/placement.ts';
import { loadWholeConfig } from '../../options/load-config.ts';
import { idChanges } from '../../output/id-changes.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import { shortPath } from '../../output/short-path.ts';

export interface CheckOptions extends CommonOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Starts of each source that `--verbose` shows. */
const shownStarts = 3;
/** How long Temporal may take to name its workers. */
const askMs = 3_000;

/** `daybook check`: reads the configuration and reports every problem in it. */
export async function checkCommand(options: CheckOptions): Promise<void> {
  const context = createContext(options);
  const file = context.environment.configFile;
  try {
    const config = loadWholeConfig(context);
    const { sources } = config;
    const now = new Date();
    const objects = createObjectFiles(context.environment.bucket);
    const ofSources = await Promise.all(
      sources.map(async (source) => {
        const plan = planOf(config, source);
        // Those of another machine are not here.
        const isHere = plan.runsOn === undefined || context.environment.labels.includes(plan.runsOn);
        const ofFiles = isHere ? await absentFileWarnings(plan, (path) => pathBeside(file, path), objects) : [];
        const ofPaths = [...arithmeticWarnings(plan), ...unknownFieldWarnings(plan)];
        const found = [...ofPaths, ...sixFieldWarnings(source.name, source.schedule, now), ...ofFiles];
        return found.map((warning) => ({ source: source.name, ...warning }));
      }),
    );
    const ofPlaces = placementWarnings(context, config, await workersOf(context, config));
    const warnings = [...ofSources.flat(), ...ofPlaces, ...(await idChanges(context, config))];
    const groups = groupsBySource(sources);
    const starts = options.verbose ? sources.map((source) => startsOf(source, groups.get(source.name), now)) : [];
    const problems = sources.flatMap((source, index) =>
      secretHeaderProblems(source, context.environment.lookUp).map((message) => ({
        path: ['sources', index],
        message,
      })),
    );
    const ofTls = await tlsProblems(context, config);
    if (problems.length + ofTls.length > 0) throw new ConfigProblems(file, [...problems, ...ofTls]);
    const scheduled = sources.filter((source) => source.schedule).length;
    if (options.json)
      printJson({ file: shownPath(file), ok: true, problems: [], warnings, ...(options.verbose ? { starts } : {}) });
    else {
      for (const { source, ...warning } of warnings)
        printInfo(`${shortPath(file)}: ${source}: ${warningLine(warning)}`);
      for (const { source, next } of starts)
        print(`${source}: ${next.length === 0 ? 'no schedule' : `next starts ${next.join(', ')}`}`);
      const result = warnings.length === 0 ? 'OK' : `usable, ${counted(warnings.length, 'warning')}`;
      print(`${shortPath(file)}: ${counted(sources.length, 'source')}, ${scheduled} with a schedule: ${result}`);
    }
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    const { problems } = error;
    if (options.json)
      printJson({
        file: shownPath(file),
        ok: false,
        problems: problems.map((problem) => ({ ...problem })),
        warnings: [],
      });
    else for (const problem of problems) printInfo(formatProblem(shortPath(file), problem));
    printInfo(`${counted(problems.length, 'problem')} in ${shortPath(file)}`);
    setExitCode(2);
  }
}

/** Certificates and keys that cannot be read or used, of the sources that this machine fetches. */
async function tlsProblems({ environment }: Context, config: Config): Promise<Problem[]> {
  const { configFile, labels, lookUp } = environment;
  const files = new TlsFiles((path) => resolve(dirname(configFile), path));
  const found = await Promise.all(
    config.sources.map(async (source, index): Promise<Problem[]> => {
      const plan = withSecrets(planOf(config, source), source, lookUp);
      const isHere = plan.runsOn === undefined || labels.includes(plan.runsOn);
      if (!isHere || !('tls' in plan) || plan.tls === undefined) return [];
      const message = await files.problem(plan.tls);
      return message === null ? [] : [{ path: ['sources', index, 'tls'], message }];
    }),
  );
  return found.flat();
}

/** The workers that Temporal knows, where it matters and can be asked at once. */
async function workersOf(context: Context, config: Config): Promise<KnownWorkers | null> {
  if (!dependsOnPlace(config) || (externalTemporal(context) === null && !context.home.isRunning('temporal')))
    return null;
  const { withTemporal } = await import('../../../temporal/connect.ts');
  try {
    return await withTemporal(requireTemporal(context), (client) =>
      client.withDeadline(Date.now() + askMs, () => askWorkers(client, context.instance, config)),
    );
  } catch {
    // `doctor` says what is wrong with the server.
    return null;
  }
}

/** When a source is due next, in the zone of its schedule; jitter comes on top. */
function startsOf(
  { name, schedule }: SourceConfig,
  group: ProbeGroup | undefined,
  now: Date,
): { readonly source: string; readonly next: string[] } {
  if (schedule === undefined) return { source: name, next: [] };
  const zone = zoneOf(schedule);
  const next = group
    ? startsOnGrid(gridOfGroup(group), now, shownStarts)
    : nextStarts(name, schedule, now, shownStarts);
  return { source: name, next: next.map((start) => formatStart(start, zone)) };
}
