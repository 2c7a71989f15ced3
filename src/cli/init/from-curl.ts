import { readFileSync } from 'node:fs';
import { messageOf, UsageError } from '../../domain/errors.ts';
import { jsonAccept } from '../../sources/http/accept-headers.ts';
import { parseCurl } from '../../sources/importers/curl/parse-curl.ts';
import { requestKeys } from '../../sources/importers/requests/request-keys.ts';
import { nameOfRequest } from '../../sources/importers/requests/request-name.ts';
import type { Context } from '../options/context.ts';
import { askSource } from './ask-source.ts';
import { withoutValues, withVariables, type FoundSources } from './found-sources.ts';
import { inspect, withDetail } from './inspect.ts';
import { prove } from './proposed-config.ts';
import { sourceOfAnswer } from './source-of-answer.ts';

/** Pages that are read as a proof: each is a request. */
const provenPages = 3;

/** The source of a curl command. It is sent once, with the secrets in it. */
export async function fromCurl(context: Context, command: string, name: string | undefined): Promise<FoundSources> {
  const text = command === '-' ? readData(0, 'the standard input') : command;
  const { request, timeoutSeconds, notes } = parseCurl(text, (path) => readData(path, `"${path}"`));
  const named = name ?? nameOfRequest(request.url);
  const keys = requestKeys(named, request);
  const { variables } = keys;
  const further = timeoutSeconds === null ? {} : { timeout: `${timeoutSeconds}s` };
  const own = withVariables(context, variables);
  const asksJson = request.headers.some(([header, value]) => /^accept$/i.test(header) && /json/i.test(value));
  const found = await withoutValues(variables, () =>
    askSource(
      own,
      keys,
      { accept: asksJson ? jsonAccept : '*/*', mayBePrivate: true },
      async ({ response, isPrivate }, get) => {
        const listing = await inspect(response);
        const proposal = await withDetail(listing, new URL(response.url).origin, get);
        return sourceOfAnswer(named, keys, isPrivate, proposal, further);
      },
    ),
  );
  return {
    entries: [{ source: found.source }],
    notes: [...notes, ...found.notes],
    variables,
    prove: (_, proposed) => withoutValues(variables, () => prove(own, proposed, provenPages)),
  };
}

function readData(path: string | 0, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--curl: cannot read ${what} (${messageOf(error)}), expected a file with the data`);
  }
}
