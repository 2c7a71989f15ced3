import type { SourceState } from '../../domain/state/source-state.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { FanOutStore } from '../../store/fan-out/fan-out-store.ts';
import type { FanOutRoot } from '../../store/fan-out/fan-out-root.ts';
import { listQueued, queueUnit } from '../../store/fan-out/queued-parents.ts';

/** Days that are shown one by one. */
const maxDays = 10;

/** How far a source is with its parents, on a few lines; none if it has none. */
export async function fanOutLines(store: BlobStore, source: string, state: SourceState): Promise<string[]> {
  const fanOut = new FanOutStore(store);
  const root = await fanOut.root(source, state.fanOut);
  if (!root) return [];
  if (root.source === null) {
    return Object.entries(root.values).map(
      ([value, { watermark }]) => `for_each ${value}: ${watermark ?? 'no watermark'}`,
    );
  }
  const queued = await listQueued(store, source);
  const passed = Object.values(root.days).filter(({ isPassed }) => isPassed).length;
  return [
    `for_each ${root.source}: ${passed} sealed days passed`,
    ...(await openDays(fanOut, source, root)),
    ...(queued.length > 0 ? [`  parents queued by ${queued.length} replays`] : []),
  ];
}

async function openDays(fanOut: FanOutStore, source: string, root: FanOutRoot): Promise<string[]> {
  const open = Object.entries(root.days).filter(([day, { isPassed }]) => !isPassed && day !== queueUnit);
  const lines: string[] = [];
  for (const [day] of open.slice(-maxDays)) {
    const { parts, open: at, sealed } = await fanOut.day(source, root, day);
    const inside = at ? `, line ${at.line} of ${at.part}` : '';
    lines.push(`  ${day}: ${parts.length} parts passed${sealed === null ? '' : ', and the sealed file'}${inside}`);
  }
  return lines;
}
