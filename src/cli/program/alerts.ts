import type { Command } from 'commander';
import { act, add, group } from './command.ts';

export function addAlerts(program: Command): void {
  const alerts = group(program, 'alerts').description('Manage alerts and the alert webhook');
  add(alerts, 'list', 'List open alerts, oldest first', 'alerts list')
    .option('--json', 'Print JSON, one alert per line, as sent to the webhook')
    .action(act(async () => (await import('../commands/runs/alerts.ts')).listAlertsCommand));
  const close = 'Close an alert of a source; it opens again if its cause persists';
  add(alerts, 'close <name> <source>', close, 'alerts close run_failed quakes')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/runs/alerts.ts')).closeAlertCommand));
  const test = 'Post a test alert to DAYBOOK_ALERT_WEBHOOK and print the response';
  add(alerts, 'test', test, 'alerts test')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/runs/alerts.ts')).testAlertsCommand));
}
