import { alertNames, type Alert } from '../../../domain/monitoring/alert.ts';
import { messageOf, UsageError } from '../../../domain/errors.ts';
import { noSource } from '../../../domain/names.ts';
import { version } from '../../../config/version.ts';
import { createHttpClient } from '../../../sources/http/http-client.ts';
import { markNotified, openAlerts, settleAlerts } from '../../../store/alerts/alerts.ts';
import { createAlertWebhook, postAlert } from '../../../worker/alert-webhook.ts';
import { createContext, openStore, openStoreToRead, type CommonOptions, type Context } from '../../options/context.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { formatTable, print, printJson, printLines, printInfo } from '../../output/output.ts';
import { clock } from '../../output/status-view/status-times.ts';
import { terminalOf } from '../../output/terminal/terminal.ts';
import { forgetRestored } from '../../options/store-pair.ts';

export interface AlertsOptions extends CommonOptions {
  readonly json?: boolean;
}

/** `daybook alerts list`: open alerts, the oldest first. As JSON each is what the webhook was sent. */
export async function listAlertsCommand(options: AlertsOptions): Promise<void> {
  const alerts = await openAlerts(openStoreToRead(createContext(options)));
  if (options.json) return alerts.forEach(printJson);
  if (alerts.length === 0) return printInfo('no open alerts');
  const { columns } = terminalOf(process.stdout);
  const now = new Date();
  const rows = alerts.map(({ name, source, since, message }) => [clock(since, columns, now), name, source, message]);
  printLines(formatTable(['since', 'alert', 'source', 'message'], rows));
}

/** `daybook alerts close`: closes an alert by hand, and notifies the webhook. */
export async function closeAlertCommand(name: string, source: string, options: AlertsOptions): Promise<void> {
  const context = createContext(options);
  const store = openStore(context);
  const known = alertNames.find((candidate) => candidate === name);
  if (known === undefined) {
    throw new UsageError(`alerts close: found "${name}", expected the name of an alert: ${alertNames.join(', ')}`);
  }
  const [closed] = await settleAlerts(store, source, [{ name: known, message: null }], new Date());
  if (!closed) {
    const open = await openAlerts(store);
    const listed = open.map((alert) => `${alert.name} ${alert.source}`).join(', ');
    throw new UsageError(
      `alerts close: ${name} of ${source} is not open; ${listed === '' ? 'no alert is' : `open alerts: ${listed}`}`,
    );
  }
  if (known === 'store' && source === noSource) await forgetRestored(context);
  if (await postToWebhook(context, closed)) await markNotified(store, closed);
  if (options.json) return printJson(closed);
  print(`closed ${name} of ${source}, open since ${closed.since}; it opens again if its cause persists`);
}

/** The next run of a worker sends one that cannot be sent now. */
async function postToWebhook({ environment, instance }: Context, alert: Alert): Promise<boolean> {
  if (environment.alertWebhook === null) return false;
  const client = createHttpClient(`daybook/${version}`, environment.proxies);
  try {
    await createAlertWebhook(client, environment.alertWebhook, instance)(alert, new AbortController().signal);
    return true;
  } catch (error) {
    printInfo(`the webhook could not be notified: ${messageOf(error)}; a worker retries`);
    return false;
  } finally {
    await client.close();
  }
}

/** `daybook alerts test`: posts a test alert. Exit code 1 if the webhook does not accept it. */
export async function testAlertsCommand(options: AlertsOptions): Promise<void> {
  const { environment, instance } = createContext(options);
  const { alertWebhook: url } = environment;
  if (url === null) {
    throw new UsageError('alerts test: DAYBOOK_ALERT_WEBHOOK is not set; set it to the URL that alerts are posted to');
  }
  const message = 'test alert sent by ./daybook alerts test; nothing is wrong';
  const body = {
    name: 'test',
    source: noSource,
    state: 'open',
    since: new Date().toISOString(),
    message,
    ...instance.labelled('instance'),
  };
  const client = createHttpClient(`daybook/${version}`, environment.proxies);
  const startedMs = performance.now();
  let status: number | null = null;
  let error: string | null = null;
  try {
    status = await postAlert(client, url, body, new AbortController().signal);
  } catch (failure) {
    error = messageOf(failure);
  } finally {
    await client.close();
  }
  const ms = Math.round(performance.now() - startedMs);
  const isTaken = status !== null && status >= 200 && status < 300;
  if (!isTaken) setExitCode(1);
  if (options.json) return printJson({ ok: isTaken, status, error, ms });
  if (error !== null) return print(`failed: ${error}`);
  print(
    `${isTaken ? 'ok' : 'failed'}: DAYBOOK_ALERT_WEBHOOK answered ${status}${isTaken ? '' : ', expected 2xx'} in ${ms} ms`,
  );
}
