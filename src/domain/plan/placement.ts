import { counted } from '../text/counted.ts';

/** How many sources a message names. */
const namedSources = 5;

/** That no worker has a label. @param names of the sources that run on it */
export function noWorkerText(label: string, names: readonly string[]): string {
  const more = names.length > namedSources ? ` and ${names.length - namedSources} more` : '';
  const named = `${names.slice(0, namedSources).join(', ')}${more}`;
  return `no worker has the label "${label}", so ${counted(names.length, 'source')} (${named}) cannot be fetched; start a worker with DAYBOOK_LABELS=${label}, or change runs_on`;
}

/** That files may not be where a worker looks for them. @param because what makes that likely */
export function unboundFilesText(path: string, because: string): string {
  return `the files of ${path} are on one machine, but ${because}; set runs_on: LABEL, and DAYBOOK_LABELS=LABEL for the worker of that machine, or put them into a bucket (s3://…)`;
}
