import { isTokenPlace } from '../schema/auth-schema.ts';
import { onlyPlaceholder } from '../../formats/template/parse-template.ts';
import { keysOfSource } from '../schema/source-schemas.ts';
import { findReferences } from '../secrets/references.ts';
import { keysWithReferences, templateKeys } from '../secrets/secrets.ts';
import { placeholderProblems } from './placeholder-problems.ts';
import type { Problem } from './problem.ts';

/** What is wrong with the references and placeholders of a configuration. */
export function referenceProblems(root: Record<string, unknown>): Problem[] {
  const problems = findReferences(root).flatMap(({ path, name, text }): Problem[] => {
    const key = keyOf(path);
    if (name === null && (templateKeys.includes(key) || isTokenPlace(path, text))) return [];
    if (name === null && onlyPlaceholder(text) !== null) {
      const message = `found ${text}, which is filled in only in ${templateKeys.join(', ')}; expected the value itself, or a reference such as \${env:NAME}`;
      return [{ path, message }];
    }
    if (name === null) return [{ path, message: `found ${text}, expected ${expectedReference(text)}` }];
    // An unknown key is a separate problem.
    if (path[0] === 'sources' && !keysOfSource(null).has(key)) return [];
    if (!keysWithReferences.some((known) => known === key)) {
      const message = `found ${text}, but references work only in ${keysWithReferences.join(', ')}; expected the value itself`;
      return [{ path, message }];
    }
    return [];
  });
  return [...problems, ...placeholderProblems(root, expectedReference)];
}

/** The key of a source, or of `defaults`, below which a path leads. */
export function keyOf(path: Problem['path']): string {
  return String(path[path[0] === 'sources' ? 2 : 1]);
}

/** How what was meant as a reference is written. */
function expectedReference(text: string): string {
  const name = /^\$\{+\s*(?:env:|env\.|secrets\.)?\s*([A-Za-z_]\w*)\s*\}*$/i.exec(text)?.[1];
  if (name !== undefined) return `\${env:${name}}`;
  const hint = /:-|\|\|/.test(text) ? '; a reference has no default' : ', where NAME has only letters, digits and _';
  return `\${env:NAME}${hint}`;
}
