import type { HttpTools } from '../http/fetch-document.ts';
import { KeptDetails } from './kept-details.ts';
import { Turns } from './turns.ts';
import { createWatchdog, type Watchdog } from '../watchdog.ts';

/** What reading pages takes besides a plan. */
export interface HtmlTools {
  readonly within: Watchdog;
  /** Only one large page is in memory at a time. */
  readonly largePages: Turns;
  readonly details: KeptDetails;
}

/** As long-lived as the tools that fetch the pages: a worker has one set. */
const known = new WeakMap<HttpTools, HtmlTools>();

export function htmlToolsOf(http: HttpTools): HtmlTools {
  const tools = known.get(http) ?? { within: createWatchdog(), largePages: new Turns(), details: new KeptDetails() };
  known.set(http, tools);
  return tools;
}
