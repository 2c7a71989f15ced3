import { load } from 'cheerio/slim';
import { z } from 'zod';

const emptyPage = load('');

/** A CSS selector, checked by looking with it. */
export const selector = z
  .string()
  .check((context) => {
    const why = problemOf(context.value);
    if (why === null) return;
    context.issues.push({
      code: 'custom',
      input: context.value,
      message: `found "${context.value}", expected a CSS selector (${why})`,
    });
  })
  .meta({ title: 'CSS selector' });

function problemOf(text: string): string | null {
  if (text.trim() === '') return 'it is empty';
  // The library would make an element of it.
  if (text.trimStart().startsWith('<')) return 'it is markup';
  try {
    emptyPage(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
