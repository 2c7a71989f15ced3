import { CannotStart } from '../../domain/errors.ts';
import { counted } from '../../domain/text/counted.ts';
import type { HttpResponse } from '../../sources/http/http-client.ts';
import { readHar, type RecordedRequest, type Recording } from '../../sources/importers/har/read-har.ts';
import { isPrivateHost } from '../../sources/importers/private-host.ts';
import { requestKeys } from '../../sources/importers/requests/request-keys.ts';
import { nameOfRequest, openAddress } from '../../sources/importers/requests/request-name.ts';
import { decodeText } from '../../sources/text/decode-document.ts';
import type { Context } from '../options/context.ts';
import { withoutValues, withVariables, type FoundSources } from './found-sources.ts';
import { inspect } from './inspect.ts';
import { proveRecorded } from './proposed-config.ts';
import { sourceOfAnswer } from './source-of-answer.ts';

/** Other requests that are named. */
const maxOthers = 5;

/** The source of the recorded request whose answer has the most records. Nothing is fetched. */
export async function fromHar(context: Context, body: Buffer, name: string | undefined): Promise<FoundSources> {
  const recording = readHar(decodeText(body, undefined, null));
  const [chosen, ...others] = recording.requests;
  if (!chosen) throw new CannotStart(nothingIn(recording));
  const named = name ?? nameOfRequest(chosen.request.url);
  const keys = requestKeys(named, chosen.request);
  const { variables } = keys;
  const isPrivate = chosen.isPrivate || isPrivateHost(chosen.request.url);
  const response = responseOf(chosen);
  const own = withVariables(context, variables);
  const found = await withoutValues(variables, async () =>
    sourceOfAnswer(named, keys, isPrivate, await inspect(response)),
  );
  return {
    entries: [{ source: found.source }],
    notes: [
      `from ${lineOf(chosen)}, the most of ${counted(recording.requests.length, 'JSON request')} with records`,
      ...othersOf(chosen, others).map((line) => `another: ${line}`),
      ...found.notes,
    ],
    variables,
    prove: (_, proposed) => withoutValues(variables, () => proveRecorded(own, proposed, response)),
  };
}

function nothingIn({ entries, withoutBody, otherMethods }: Recording): string {
  const advice =
    withoutBody > 0
      ? `; ${counted(withoutBody, 'JSON answer')} of it is without content: export the HAR with content, from an open network panel`
      : otherMethods > 0
        ? `; ${counted(otherMethods, 'request')} with records has another method than GET and POST`
        : '; let the page load its list while the network panel is open';
  return `init: found no JSON answer with a list of objects in ${counted(entries, 'request')} of the HAR${advice}`;
}

/** Requests to other addresses, by their records. */
function othersOf(chosen: RecordedRequest, others: readonly RecordedRequest[]): string[] {
  const placeOf = ({ request: { method, url } }: RecordedRequest) => `${method} ${url.split('?')[0]}`;
  const seen = new Set([placeOf(chosen)]);
  const distinct = others.filter((other) => !seen.has(placeOf(other)) && seen.add(placeOf(other)));
  return distinct.slice(0, maxOthers).map(lineOf);
}

function lineOf({ request: { method, url }, records }: RecordedRequest): string {
  return `${method} ${openAddress(url)} with ${counted(records, 'record')}`;
}

/** The recorded answer as if it had arrived now. */
function responseOf({ answer, answerHeaders, status, request }: RecordedRequest): HttpResponse {
  const { link } = answerHeaders;
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...(link === undefined ? {} : { link }) },
    body: Buffer.from(answer),
    url: request.url,
  };
}
