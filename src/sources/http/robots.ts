import robotsParser from 'robots-parser';
import { RobotsDisallowed, SourceUnavailable, WrongShape } from '../../domain/errors.ts';
import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import { createWatchdog, TimedOut } from '../../formats/watchdog.ts';
import type { HttpClient } from './http-client.ts';
import { ownOrigin } from './own-origin.ts';

/** What a site's robots.txt allows Daybook. */
export interface RobotsRules {
  /**
   * Refuses an address that robots.txt disallows.
   * @returns the seconds that it wants between two requests; null if it does not say
   * @throws RobotsDisallowed, SourceUnavailable if robots.txt cannot be fetched (RFC 9309 §2.3.1.4)
   */
  check(plan: HttpPlanBase, url: URL, signal: AbortSignal): Promise<number | null>;
}

/** The part of robots-parser's result that is used; its own types do not work in an ES module. */
interface Robot {
  isAllowed(url: string, userAgent: string): boolean | undefined;
  getCrawlDelay(userAgent: string): number | undefined;
}

const parseRobots = robotsParser as unknown as (url: string, text: string) => Robot;

interface Known {
  readonly rules: Promise<Robot>;
  /** They took too long to compare: they are not compared again. */
  isSlow?: boolean;
  readonly untilMs: number;
}

/** RFC 9309 §2.4 allows a day at most. */
const keptMs = 3_600_000;
/** RFC 9309 §2.5: at least 500 KiB must be read. */
const maxBytes = 500 * 1024;
/** Patterns of many stars take long to compare. */
const timeoutMs = 500;
const maxDelaySeconds = 60;

export function createRobotsRules(client: HttpClient, userAgent: string): RobotsRules {
  const sites = new Map<string, Known>();
  const within = createWatchdog();

  function rulesOf(plan: HttpPlanBase, origin: string, signal: AbortSignal): Promise<Robot> {
    const known = sites.get(origin);
    if (known && known.untilMs > Date.now()) return known.rules;
    const rules = readRules(client, plan, origin, signal);
    sites.set(origin, { rules, untilMs: Date.now() + keptMs });
    rules.catch(() => sites.delete(origin));
    return rules;
  }

  function isClosed({ name }: HttpPlanBase, url: URL, rules: Robot): boolean {
    const site = sites.get(url.origin);
    try {
      if (site?.isSlow === true) throw new TimedOut();
      return within(timeoutMs, () => rules.isAllowed(url.href, userAgent)) === false;
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      if (site) site.isSlow = true;
      throw new WrongShape(
        `fetch: ${name}: ${url.origin}/robots.txt takes more than ${timeoutMs} ms to match against a URL; set robots: ignore if that is acceptable`,
      );
    }
  }

  return {
    async check(plan, url, signal) {
      const rules = await rulesOf(plan, url.origin, signal);
      if (isClosed(plan, url, rules)) {
        throw new RobotsDisallowed(
          `fetch: ${plan.name}: ${url.origin}/robots.txt disallows ${url.pathname} for ${userAgent}; set robots: ignore if that is acceptable`,
        );
      }
      const delay = rules.getCrawlDelay(userAgent);
      return delay !== undefined && delay > 0 ? Math.min(delay, maxDelaySeconds) : null;
    },
  };
}

async function readRules(client: HttpClient, plan: HttpPlanBase, origin: string, signal: AbortSignal): Promise<Robot> {
  const url = `${origin}/robots.txt`;
  const { status, body } = await client.send(
    {
      subject: `${plan.name} (robots.txt)`,
      url,
      method: 'GET',
      body: null,
      headers: {},
      // Where the source itself is not: what is true of a link to a page is true of its robots.txt.
      own: {
        origin: ownOrigin(plan) ?? '',
        headers: {},
      },
      ...(plan.tls ? { tls: plan.tls } : {}),
      allowPrivate: plan.allowPrivate,
      timeoutMs: plan.timeoutMs,
      maxBodyBytes: maxBytes,
      cutOff: true,
      proxy: plan.proxy,
    },
    signal,
  );
  if (status === 429 || status >= 500) {
    throw new SourceUnavailable(`fetch: ${plan.name}: ${url} answered ${status}, expected 200 or 404`);
  }
  // Without rules everything is open.
  return parseRobots(url, status >= 200 && status < 300 ? body.toString() : '');
}
