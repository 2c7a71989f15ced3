import type { Health } from '../../../domain/monitoring/health.ts';
import type { Tone } from '../terminal/terminal.ts';

const tones: Readonly<Record<Health, Tone>> = {
  failing: 'bad',
  late: 'warning',
  deferred: 'warning',
  never_ran: 'quiet',
  paused: 'quiet',
  ok: 'good',
};

export function toneOfHealth(health: Health): Tone {
  return tones[health];
}
