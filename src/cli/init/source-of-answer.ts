import { CannotStart } from '../../domain/errors.ts';
import { sourceKeys, type Keys, type RequestKeys } from '../../sources/importers/requests/request-keys.ts';
import { pagingOf, type RequestPaging } from '../../sources/importers/requests/request-paging.ts';
import type { Proposal } from '../../sources/proposal/proposal.ts';

/**
 * The source of a request, completed with what its answer says.
 * @param further keys that neither of them says
 * @throws CannotStart if the answer is nothing that can be posted for
 */
export function sourceOfAnswer(
  name: string,
  keys: RequestKeys,
  isPrivate: boolean,
  { source, notes }: Proposal,
  further: Keys = {},
): { source: Keys; notes: readonly string[] } {
  const { type, paginator = null, ...rest } = source;
  if (type !== 'http_json' && keys.method === 'POST') {
    throw new CannotStart(
      `init: the answer to the POST is ${type === 'rss' ? 'a feed' : 'a web page'}, expected JSON; web pages and feeds are read with GET`,
    );
  }
  const paging: RequestPaging =
    type === 'http_json' ? pagingOf(keys, paginator) : { params: keys.params, paginator, notes: [] };
  return {
    source: {
      name,
      type,
      ...sourceKeys({ ...keys, params: paging.params, body: paging.body ?? keys.body }, isPrivate),
      ...further,
      ...rest,
      ...(paging.paginator === null ? {} : { paginator: paging.paginator }),
    },
    notes: [...notes, ...paging.notes],
  };
}
