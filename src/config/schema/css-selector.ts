import { createRequire } from 'node:module';
import type * as cheerio from 'cheerio/slim';
import * as z from 'zod';
import { withoutNamespaces } from '../../formats/css-namespaces.ts';

const require = createRequire(import.meta.url);

let emptyPage: cheerio.CheerioAPI | null = null;

/** The library takes long to load, and only pages have selectors. */
function openEmptyPage(): cheerio.CheerioAPI {
  return (emptyPage ??= (require('cheerio/slim') as typeof cheerio).load(''));
}

/** A CSS selector, checked by looking with it. */
export const selector = z
  .string()
  .check((context) => {
    const why = problemOf(context.value);
    if (why === null) return;
    context.issues.push({
      code: 'custom',
      input: context.value,
      message: `found "${context.value}", expected a CSS selector${selectorHint(context.value) ?? ` (${why})`}`,
    });
  })
  .meta({ title: 'CSS selector' });

/** What a selector of another language would be in CSS, as the end of a message. */
function selectorHint(text: string): string | null {
  const [isXPath, name = '', value, tail] =
    /^\.?\/\/([a-z]\w*|\*)(?:\[@class=["']([\w -]+)["']\])?(?:\/(text\(\)|@[\w-]+))?$/i.exec(text) ?? [];
  if (isXPath !== undefined) {
    const css = `${name === '*' && value !== undefined ? '' : name}${value === undefined ? '' : `.${value.trim().split(/\s+/).join('.')}`}`;
    return ` instead of XPath: ${css}${tail?.startsWith('@') === true ? `, with attr: ${tail.slice(1)}` : ''}`;
  }
  if (/^\.?\/{1,2}\w|^\.\.?\//.test(text)) return ' instead of XPath, such as div.item > a';
  const [isPseudo, before = '', attribute] = /^(.+)::(?:text|attr\(([\w-]+)\))$/.exec(text) ?? [];
  if (isPseudo === undefined) return null;
  return attribute === undefined
    ? `, and the text is taken without ::text: ${before}`
    : `: ${before}, with attr: ${attribute}`;
}

function problemOf(text: string): string | null {
  if (text.trim() === '') return 'it is empty';
  // The library would make an element of it.
  if (text.trimStart().startsWith('<')) return 'it is markup';
  try {
    openEmptyPage()(withoutNamespaces(text));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
