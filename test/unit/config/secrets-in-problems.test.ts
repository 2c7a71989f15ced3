import { describe, expect, test } from 'vitest';
import { complaints, daybookYaml, http } from './daybook-yaml.ts';

const secret = 'hunter22';
const whole = (line: string) => daybookYaml([http(line)]);

describe('problems of a configuration are reported without its secrets', () => {
  test.each([
    ['of another kind', whole(`auth: { type: bearer, token: [${secret}] }`), 'auth.token: found a list'],
    ['without a colon', whole(`auth: { type: bearer, token ${secret}: x }`), 'unknown key "token …"'],
    ['in place of an object', whole(`auth: Bearer ${secret}`), 'auth: found a text'],
    ['as a name', whole(`auth: { type: api_key, api_key: k, name: "Key: ${secret}" }`), 'auth.name: found "Key"'],
    ['in a list', whole(`headers: [ "Authorization: Bearer ${secret}" ]`), 'headers: found a list'],
    ['quoted with its name', whole(`headers: { "Authorization: Bearer ${secret}": x }`), 'found "Authorization"'],
    ['of several lines', whole(`headers: { Authorization: "a\\n${secret}" }`), 'found a value of several lines'],
    ['in a map', whole(`params: { api_key: { ${secret}: 1 } }`), 'params.api_key'],
    ['that begins with *', whole(`auth: { type: bearer, token: *${secret} }`), 'an alias without an anchor'],
    ['before a proxy', whole(`proxy: "me:${secret}@proxy"`), 'proxy: expected an http or https URL'],
    ['in a URL', whole(`url: https://me:${secret}@api.test/`), 'found a user name or password'],
    ['in a URL without a scheme', whole(`url: me:${secret}@api.test/`), 'expected an http or https URL'],
    ['in the parameters of one', whole(`url: api.test/?key=${secret}`), 'found "api.test/"'],
    ['that begins with >', whole(`body: >${secret}`), 'Block scalar header'],
    ['that begins with !', whole(`body: !e!${secret} x`), 'begins with !'],
    ['that is a tag', whole(`auth: { type: bearer, token: !${secret} }`), 'begins with !'],
    ['without a space', whole(`params:\n      ${secret}:x\n      a: b`), 'no space after the colon of this key'],
    ['behind a bracket', `${whole('name: a')}\n} ${secret}\n`, 'without an opening one'],
    ['behind a text', `${whole('name: a')}\n    token: "a" ${secret}\n`, 'not valid YAML'],
    ['behind an open quote', `${whole('name: a')}\n    token: "${secret}\nx: "${secret}"\n`, 'not valid YAML'],
  ])('%s', (_, text, expected) => {
    const reported = complaints(text).join('\n');
    expect(reported).toContain(expected);
    expect(reported).not.toContain(secret);
  });
});
