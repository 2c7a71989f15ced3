// An API of one record, which says when nothing is new.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile, rounded } from '../support/statistics.js';

export async function startOnceOrigin() {
  /** Times of the requests, by source. */
  const times = new Map();
  const server = createServer((request, response) => {
    const own = times.get(request.url) ?? [];
    own.push(Date.now());
    times.set(request.url, own);
    if (request.headers['if-none-match'] === '"1"') return response.writeHead(304).end();
    response.writeHead(200, { etag: '"1"', 'content-type': 'application/json' });
    response.end(JSON.stringify([{ id: request.url, at: '2026-01-01T00:00:00Z' }]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    close: () => server.close(),
    /** Resolves once each source has asked: a new source's first poll is a run of its own, also where it is probed later. */
    async askedByAll(count, withinMs) {
      const until = Date.now() + withinMs;
      while (times.size < count && Date.now() < until) await sleep(1_000);
    },
    /** What it was asked between two times: probes leave no history of each source. */
    askedBetween(fromMs, toMs) {
      const within = [...times.values()].map((own) => own.filter((ms) => ms >= fromMs && ms < toMs));
      const gaps = [...times.values()].flatMap((own) => gapsOf(own.filter((ms) => ms >= fromMs - minute && ms < toMs)));
      return {
        asked: within.reduce((sum, own) => sum + own.length, 0),
        asked_least: quantile(
          within.map((own) => own.length),
          0,
        ),
        gap_p50_s: rounded(quantile(gaps, 0.5) / 1_000, 1),
        gap_p99_s: rounded(quantile(gaps, 0.99) / 1_000, 1),
        gap_max_s: rounded(quantile(gaps, 1) / 1_000, 1),
      };
    },
  };
}

const minute = 60_000;

function gapsOf(times) {
  return times.slice(1).map((ms, n) => ms - times[n]);
}

/** The configuration of so many sources that poll it each minute, each on its own or by probes. */
export function onceConfig(port, count, probe) {
  const schedule = `every: 1m${probe ? ', probe: true' : ''}`;
  const sources = Array.from(
    { length: count },
    (_, n) =>
      `  - { name: source-${n}, type: http_json, url: "http://127.0.0.1:${port}/source-${n}", id: id, occurred_at: at, allow_private: true, schedule: { ${schedule} } }\n`,
  );
  return `version: 1\nsources:\n${sources.join('')}`;
}
