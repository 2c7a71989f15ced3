import { secretMark, writings, type SecretMask } from './secret-mask.ts';

/** What a login or a token endpoint gave out, by a name that stays the same: each worker and each day has another value. */
export interface HeldSecret {
  /** `token`, or `cookie:` and its name. */
  readonly label: string;
  readonly value: string;
}

const begin = `${secretMark}held:`;

/**
 * Hides such secrets in texts that workflows carry, and puts in those that are held when the text is used.
 * @param held the present ones before former ones
 */
export function createHeldMask(held: () => readonly HeldSecret[]): SecretMask {
  return {
    hide(text) {
      const forms = held().flatMap(({ label, value }) =>
        writings(value).map((form, number) => ({
          form,
          stand: `${begin}${encodeURIComponent(label)}.${number}${secretMark}`,
        })),
      );
      const longestFirst = forms.sort((a, b) => b.form.length - a.form.length);
      return longestFirst.reduce((hidden, { form, stand }) => hidden.replaceAll(form, stand), text);
    },
    reveal: (text) =>
      text.replaceAll(stands, (_, label: string, number: string) => {
        const found = held().find((one) => encodeURIComponent(one.label) === label);
        const forms = found ? writings(found.value) : [];
        return forms[Number(number)] ?? forms[0] ?? '';
      }),
  };
}

const stands = new RegExp(`${begin}([^.${secretMark}]*(?:\\.[^.${secretMark}]+)*)\\.(\\d+)${secretMark}`, 'g');

/** Whether a text has places for such secrets. */
export function needsHeld(text: string): boolean {
  return text.includes(begin);
}
