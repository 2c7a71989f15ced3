import { version } from '../../../config/version.ts';
import type { Alert } from '../../../domain/monitoring/alert.ts';
import { describeFailure, type CanaryReport } from '../../../domain/monitoring/canary.ts';
import { Instance } from '../../../domain/instance.ts';
import { sourceSearchAttribute } from '../../../domain/names.ts';
import { sinks } from '../../../domain/run/sink.ts';
import type { FailedReceipt, Receipt } from '../../../domain/run/receipt.ts';
import type { Redact } from '../../../domain/secrets/redact.ts';
import { rolloverNote } from '../../../status/rollover.ts';
import type { SourceStatus, Status } from '../../../status/status.ts';
import { createHtmlTag, Html, type HtmlTag } from './html.ts';
import { style } from './style.ts';
import { clock, distance, span } from './times.ts';

export interface PageFacts {
  readonly status: Status;
  readonly lastMaintenanceAt: string | null;
  /** Of the Temporal server: where its Web UI shows a source's workflows. */
  readonly namespace: string;
  readonly now: Date;
}

/** The current state, as a page without scripts. Secrets are removed before anything is escaped. */
export function statusPage(facts: PageFacts, redact: Redact): string {
  return new StatusPage(facts, createHtmlTag(redact)).render();
}

/** The hash of its text is what the endpoint allows: not even a blank may be added. */
const styleElement = new Html(`<style>${style}</style>`);

class StatusPage {
  readonly #facts: PageFacts;
  readonly #html: HtmlTag;

  constructor(facts: PageFacts, html: HtmlTag) {
    this.#facts = facts;
    this.#html = html;
  }

  render(): string {
    const html = this.#html;
    const { status, now } = this.#facts;
    const { alerts, sources } = status;
    const page = html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta http-equiv="refresh" content="30" />
          <title>${alerts.length > 0 ? `(${alerts.length}) ` : ''}Daybook</title>
          ${styleElement}
        </head>
        <body>
          <header>
            <h1>Daybook</h1>
            <p>${this.#summary()}</p>
          </header>
          <main>
            ${this.#config()}
            <section aria-labelledby="alerts">
              <h2 id="alerts">Open alerts</h2>
              ${
                alerts.length === 0
                  ? html`<p>None.</p>`
                  : html`<ul class="alerts">
                      ${alerts.map((alert) => this.#alert(alert))}
                    </ul>`
              }
            </section>
            <section aria-labelledby="sources">
              <h2 id="sources">Sources</h2>
              <table role="table" aria-labelledby="sources">
                <thead role="rowgroup">
                  <tr role="row">
                    ${['Source', 'Health', 'Last run', 'Next run', 'Today', 'Waiting'].map((name) => html`<th role="columnheader" scope="col" class="${name === 'Today' ? 'number' : ''}">${name}</th>`)}
                  </tr>
                </thead>
                <tbody role="rowgroup">
                  ${sources.map((source) => this.#source(source))}
                </tbody>
              </table>
            </section>
            ${this.#unconfigured()}
            <section aria-labelledby="environment">
              <h2 id="environment">Environment</h2>
              <dl>${this.#surroundings()}</dl>
            </section>
          </main>
          <footer>
            Daybook ${version}, as of <time datetime="${now.toISOString()}">${clock(now.toISOString())}</time>.
            <a href="/metrics">metrics</a>, <a href="/readyz">readiness</a>
          </footer>
        </body>
      </html> `;
    return page.text;
  }

  #summary(): string {
    const { sources, alerts } = this.#facts.status;
    const counts = new Map<string, number>();
    for (const { health } of sources) counts.set(health, (counts.get(health) ?? 0) + 1);
    const healths = [...counts].map(([health, count]) => `${count} ${words(health)}`).join(', ');
    const open = alerts.length === 1 ? '1 alert is open' : `${alerts.length} alerts are open`;
    return `${sources.length === 1 ? '1 source' : `${sources.length} sources`}${healths === '' ? '' : `: ${healths}`}; ${open}`;
  }

  #config(): Html | null {
    const { config } = this.#facts.status;
    if (config === null) return null;
    return this.#html`<section aria-labelledby="config"><h2 id="config">Configuration</h2>
<p><span class="state failing">broken</span> Runs continue with the last good one: ${config.broken}</p></section>`;
  }

  #alert({ name, source, since, message }: Alert): Html {
    return this
      .#html`<li><span class="state open">${name}</span> ${source} <small>for ${this.#lasting(since)}</small><br>${message}</li>
`;
  }

  #source(source: SourceStatus): Html {
    const html = this.#html;
    const { name, health, nextRunAt, recordsToday, lastReceipt, running } = source;
    const cell = (label: string, content: Html | string | null, type = '') =>
      html`<td role="cell" data-label="${label}" ${type === '' ? null : html` class="${type}"`}>${content}</td>`;
    const under = running && html` <small>one active for ${this.#lasting(running.since)}</small>`;
    return html`<tr role="row">
      <th role="rowheader" scope="row">${this.#linked(name)}</th>
      ${[
        cell('Health', html`<span class="state ${health}">${words(health)}</span> ${this.#reason(source)}`),
        cell('Last run', lastReceipt ? this.#receipt(lastReceipt) : 'none'),
        cell('Next run', html`${nextRunAt === null ? '–' : this.#due(nextRunAt)}${under}`),
        cell('Today', recordsToday === null ? '?' : number(recordsToday), 'number'),
        cell('Waiting', this.#waiting(source)),
      ]}
    </tr> `;
  }

  #reason({ health, reason, since, paused }: SourceStatus): Html | null {
    const html = this.#html;
    if (paused) {
      const { by, until } = paused;
      const who = by === null ? '' : ` by ${by}`;
      return html`<small
        >paused${who}${until === null ? null : html` until ${this.#time(until, clock(until))}`}:
        ${paused.reason ?? 'no reason given'}</small
      >`;
    }
    if (reason === null || health === 'deferred') return null;
    return html`<small>${since === null ? null : html`for ${this.#lasting(since)}: `}${reason}</small>`;
  }

  #receipt(receipt: Receipt | FailedReceipt): Html {
    const { outcome, finishedAt, fetched, unchanged, filtered = 0, rejected } = receipt;
    const found = [
      `${number(fetched)} fetched`,
      ...(unchanged > 0 ? [`${number(unchanged)} unchanged`] : []),
      ...(filtered > 0 ? [`${number(filtered)} filtered`] : []),
      ...(rejected > 0 ? [`${number(rejected)} rejected`] : []),
      ...sinks.map((sink) => `${sink} ${number(receipt[sink].written)}`),
    ];
    return this.#html`${words(outcome)} ${this.#time(finishedAt)} <small>${found.join(', ')}</small>`;
  }

  #waiting({ waiting }: Pick<SourceStatus, 'waiting'>): Html | null {
    if (waiting.length === 0) return null;
    const html = this.#html;
    return html`${waiting.map(
      ({ sink, batches, since, reason }) =>
        html`${number(batches)} for ${sink}, the oldest for ${this.#lasting(since)} <small>${reason}</small>`,
    )}`;
  }

  #unconfigured(): Html | null {
    const { unconfigured } = this.#facts.status;
    if (unconfigured.length === 0) return null;
    const html = this.#html;
    return html`<section aria-labelledby="gone">
      <h2 id="gone">No longer configured</h2>
      <ul>
        ${unconfigured.map(
          ({ name, schedule, waiting }) =>
            html`<li>
              ${name}${schedule === null ? '' : `: its schedule still exists${schedule === 'paused' ? ', paused' : ''}`}
              ${this.#waiting({ waiting })}
            </li>`,
        )}
      </ul>
    </section>`;
  }

  #surroundings(): Html[] {
    const html = this.#html;
    const { postgres, temporal, partitions, canary, storage } = this.#facts.status;
    const item = (name: string, content: Html | string) =>
      html`<dt>${name}</dt>
        <dd>${content}</dd> `;
    const away = (error: string | null) => html`<span class="state failing">cannot be reached</span> ${error}`;
    const named = temporal.instance === undefined ? null : html`, instance ${temporal.instance}`;
    const ui = temporal.ui === null ? null : html`, <a href="${temporal.ui}">Web UI</a>`;
    const { lastMaintenanceAt } = this.#facts;
    return [
      item('PostgreSQL', postgres.reachable ? (postgres.error ?? postgres.version ?? '') : away(postgres.error)),
      item(
        'Partitions',
        partitions.ahead !== null
          ? `${partitions.ahead === 1 ? '1 day' : `${partitions.ahead} days`} ahead, oldest ${partitions.oldest ?? 'none'}`
          : 'unknown',
      ),
      item(
        'Maintenance',
        html`${lastMaintenanceAt === null ? 'none known' : this.#time(lastMaintenanceAt)}${this.#rollover()}`,
      ),
      ...(canary === null ? [] : [item('Canary', this.#canary(canary))]),
      ...postgres.longTransactions.map(({ pid, user, application, since }) => {
        const who = `pid ${pid} of ${user ?? 'unknown'}${application ? ` (${application})` : ''}`;
        return item(
          'Long reader',
          html`${who} has been reading raw_events for ${this.#lasting(since)}; it blocks the retirement of days`,
        );
      }),
      item('Temporal', temporal.reachable ? html`${temporal.address}${named}${ui}` : away(temporal.error)),
      ...storage.flatMap(({ part, folder, error }) =>
        error === null
          ? []
          : [
              item(
                'Storage',
                html`<span class="state failing">the ${part}</span> ${folder} cannot be written: ${error}`,
              ),
            ],
      ),
    ];
  }

  #rollover(): Html | null {
    const { rollover } = this.#facts.status.partitions;
    const note = rollover && rolloverNote(rollover);
    return note === null ? null : this.#html`; <span class="state late">the rollover</span> ${note}`;
  }

  #canary({ at, lagMs, error, succeededAt }: CanaryReport): Html {
    const html = this.#html;
    if (!error) return html`passed ${this.#time(at)}, in ${((lagMs ?? 0) / 1000).toFixed(2)} s`;
    const before = succeededAt === null ? html`it has never passed` : html`it last passed ${this.#time(succeededAt)}`;
    const failure = describeFailure({ step: error.step, error });
    return html`<span class="state failing">failed</span> ${this.#time(at)} (${before}): ${failure}`;
  }

  /** A source's workflows in the Web UI. */
  #linked(name: string): Html {
    const { ui, instance } = this.#facts.status.temporal;
    if (ui === null) return this.#html`${name}`;
    const ofSource = `${sourceSearchAttribute}="${name}"`;
    // A source of another instance may have the same name.
    const query = encodeURIComponent(instance === undefined ? ofSource : new Instance(instance).query(ofSource));
    const address = `${ui}/namespaces/${encodeURIComponent(this.#facts.namespace)}/workflows?query=${query}`;
    return this.#html`<a href="${address}">${name}</a>`;
  }

  #time(time: string, label = distance(time, this.#facts.now)): Html {
    return this.#html`<time datetime="${time}" title="${time}">${label}</time>`;
  }

  /** How long something has been so. */
  #lasting(since: string): Html {
    return this.#time(since, span(since, this.#facts.now));
  }

  /** When a run starts. This may be some seconds old. */
  #due(time: string): Html {
    const lateMs = this.#facts.now.getTime() - Date.parse(time);
    if (lateMs < 0) return this.#time(time);
    return this.#time(time, lateMs < aMomentMs ? 'now' : `was due ${distance(time, this.#facts.now)}`);
  }
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

const aMomentMs = 60_000;
