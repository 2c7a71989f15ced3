import { SourceRefused } from '../../domain/errors.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { FetchPosition } from '../../domain/state/fetch-position.ts';
import { withoutPosition } from '../../domain/state/poll.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { firstPositionOf, frontOf } from '../../sources/open-source.ts';
import { secretLost } from '../../sources/pagination/saved-position.ts';
import { beginFanOut } from '../fan-out/fetch-fan-out.ts';
import { carriedTexts, mapPlace, withPlace } from '../support/masked-position.ts';
import type { PositionMask } from '../support/position-mask.ts';

/** What a workflow has carried to a fetch. */
interface Asked {
  readonly plan: SourcePlan;
  readonly state: SourceState;
  readonly position: FetchPosition | null;
  readonly run: { readonly firstRunId: string };
  readonly window: TimeRangeText | null;
}

/** The same with its secrets put back. */
export interface Carried extends Pick<Asked, 'state' | 'position'> {
  /** That a position could not be used; empty if all could. */
  readonly lost: readonly Warning[];
}

/** Workers have sessions of their own, whose cookies may have other names: a poll that begins again with each of them would never end. */
const maxRestarts = 3;

/**
 * Puts secrets back. A position that names one which the present login does not give is not used: the poll, or the chain of a parent,
 * starts at the front.
 * @throws SourceRefused if that happens again and again
 */
export async function revealCarried(asked: Asked, mask: PositionMask): Promise<Carried> {
  const { state, position } = asked;
  const isStateUsable = await mask.prepare(carriedTexts(null, state));
  const known = isStateUsable ? withPlace(state, mask.reveal) : withoutPosition(state);
  if (position && !(await mask.prepare(carriedTexts(position, known)))) {
    return { state: known, position: restarted({ ...asked, state: known }, position), lost: [secretLost] };
  }
  return {
    state: known,
    position: position && mapPlace(position, mask.reveal),
    lost: isStateUsable || position ? [] : [secretLost],
  };
}

function restarted(asked: Asked, position: FetchPosition): FetchPosition {
  const { plan, state, run, window } = asked;
  const { restarts = 0, pages, days, cuts, fanOut } = position;
  if (restarts >= maxRestarts) {
    throw new SourceRefused(
      `auth: ${plan.name}: the poll began again ${restarts} times, because its position names a token or cookie that another login does not give; expected one with the same name after each login`,
      { ofCredentials: true },
    );
  }
  const now = new Date();
  if (fanOut) {
    const { place } = beginFanOut(state, now);
    return { ...position, place, restarts: restarts + 1, fanOut: { ...fanOut, inside: null } };
  }
  if (plan.type === 'file') throw new TypeError(`source ${plan.name} is a file, and its position has no secrets`);
  const poll = { plan, state, run: run.firstRunId, force: false, window };
  const front = frontOf(poll, position, now) ?? firstPositionOf({ plan, state, window }, now);
  return { ...front, pages, days, ...(cuts ? { cuts } : {}), restarts: restarts + 1 };
}
