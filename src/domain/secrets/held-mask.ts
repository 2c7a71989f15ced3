import { SourceRefused } from '../errors.ts';
import { secretMark } from './hidden-marks.ts';
import { writings, type SecretMask } from './secret-mask.ts';

/** What a login or a token endpoint gave out, by a name that stays the same: each worker and each day has another value. */
export interface HeldSecret {
  /** `token`, or `cookie:` and its name. */
  readonly label: string;
  readonly value: string;
}

export interface HeldMask extends SecretMask {
  /** Puts in what is held. @throws SourceRefused if a secret that the text names is not held any more: it is never left out */
  readonly reveal: (text: string) => string;
  /** Whether a text names a secret that is not held. */
  readonly lacks: (text: string) => boolean;
}

const begin = `${secretMark}held:`;

/**
 * Hides such secrets in texts that workflows carry, and puts in those that are held when the text is used.
 * @param held the present ones before former ones
 */
export function createHeldMask(held: () => readonly HeldSecret[]): HeldMask {
  const find = (label: string) => held().find((one) => encodeURIComponent(one.label) === label);
  return {
    hide(text) {
      const forms = held().flatMap(({ label, value }) =>
        writings(value).map(({ form, name }) => ({
          form,
          stand: `${begin}${encodeURIComponent(label)}.${name}${secretMark}`,
        })),
      );
      const longestFirst = forms.sort((a, b) => b.form.length - a.form.length);
      return longestFirst.reduce((hidden, { form, stand }) => hidden.replaceAll(form, stand), text);
    },
    reveal: (text) =>
      text.replaceAll(stands, (_, label: string, name: string) => {
        const found = find(label);
        if (!found) {
          throw new SourceRefused(
            `auth: found a position with the ${decodeURIComponent(label)} of a former login, expected one that the present login gives too`,
            { ofCredentials: true },
          );
        }
        return writings(found.value).find((one) => one.name === name)?.form ?? found.value;
      }),
    lacks: (text) => [...text.matchAll(stands)].some(([, label = '']) => !find(label)),
  };
}

const stands = new RegExp(`${begin}([^.${secretMark}]*(?:\\.[^.${secretMark}]+)*)\\.([hb]?\\d+)${secretMark}`, 'g');

/** Whether a text has places for such secrets. */
export function needsHeld(text: string): boolean {
  return text.includes(begin);
}
