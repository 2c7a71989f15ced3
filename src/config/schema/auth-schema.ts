import * as z from 'zod';
import { headerNameProblem, isHeaderName, url } from './http-values.ts';

/** How requests prove who asks. */
export const auth = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('bearer').describe('A token.'),
    token: z.string().describe('Sent as `Authorization: Bearer …`.'),
  }),
  z
    .strictObject({
      type: z.literal('api_key').describe('A key in a header or a query parameter.'),
      name: z.string().min(1).describe('Name of the header or query parameter.'),
      location: z.enum(['header', 'query']).default('header').describe('Where the key is sent.'),
      api_key: z.string().describe('The key.'),
    })
    .check((context) => {
      const { name, location } = context.value;
      if (location === 'query' || isHeaderName(name)) return;
      context.issues.push({ code: 'custom', input: name, path: ['name'], message: headerNameProblem(name) });
    }),
  z.strictObject({
    type: z.literal('http_basic').describe('A user name and a password.'),
    username: z.string().describe('User name.'),
    password: z.string().describe('Password.'),
  }),
  z.strictObject({
    type: z
      .literal('oauth2_client_credentials')
      .describe('A token requested with a client id and secret, and kept until it expires.'),
    token_url: url.describe('URL that issues tokens.'),
    client_id: z.string().describe('Client id.'),
    client_secret: z.string().describe('Client secret.'),
    scope: z.string().optional().describe('Scopes to request, separated by spaces.'),
    credentials: z
      .enum(['header', 'body'])
      .default('body')
      .describe('Whether id and secret are sent to `token_url` in the `Authorization` header or in the body.'),
  }),
]);
