// What people read in a source file: comments and texts, and names apart. Code is left out, so that a phrase may run over lines.
import ts from 'typescript';

/**
 * A text of the same length in which only comments and texts are left, and its names, each with its first position.
 * @param {string} source
 */
export function readSource(source) {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard, source);
  const prose = [];
  const names = new Map();
  const templates = [];
  let before = ts.SyntaxKind.Unknown;
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    if (isSlash(kind) && !endsOperand(before)) kind = scanner.reScanSlashToken();
    if (kind === ts.SyntaxKind.OpenBraceToken && templates.length > 0) templates[templates.length - 1]++;
    if (kind === ts.SyntaxKind.CloseBraceToken && templates.length > 0) {
      if (templates.at(-1) === 0) kind = scanner.reScanTemplateToken(false);
      else templates[templates.length - 1]--;
    }
    if (kind === ts.SyntaxKind.TemplateHead) templates.push(0);
    if (kind === ts.SyntaxKind.TemplateTail) templates.pop();
    const text = scanner.getTokenText();
    if (kind === ts.SyntaxKind.Identifier && !names.has(text)) names.set(text, scanner.getTokenStart());
    prose.push(isText(kind) ? text : isComment(kind) ? withoutMarks(text) : blank(kind, text));
    if (kind > ts.SyntaxKind.LastTriviaToken) before = kind;
  }
  return { prose: prose.join(''), names };
}

function isSlash(kind) {
  return kind === ts.SyntaxKind.SlashToken || kind === ts.SyntaxKind.SlashEqualsToken;
}

/** Behind a value a slash divides; elsewhere it begins a pattern. */
function endsOperand(kind) {
  return (
    [ts.SyntaxKind.CloseParenToken, ts.SyntaxKind.CloseBracketToken, ts.SyntaxKind.CloseBraceToken].includes(kind) ||
    [ts.SyntaxKind.Identifier, ts.SyntaxKind.ThisKeyword, ts.SyntaxKind.TemplateTail].includes(kind) ||
    (kind >= ts.SyntaxKind.FirstLiteralToken && kind <= ts.SyntaxKind.LastLiteralToken)
  );
}

function isText(kind) {
  return (
    kind === ts.SyntaxKind.StringLiteral ||
    (kind >= ts.SyntaxKind.FirstTemplateToken && kind <= ts.SyntaxKind.LastTemplateToken)
  );
}

function isComment(kind) {
  return kind === ts.SyntaxKind.SingleLineCommentTrivia || kind === ts.SyntaxKind.MultiLineCommentTrivia;
}

function withoutMarks(comment) {
  return comment.replaceAll(/^\s*(?:\/\/+|\/?\*+\/?)|\*\/$/gm, (mark) => mark.replaceAll(/\S/g, ' '));
}

/** White space stays; code becomes a character that no phrase has. */
function blank(kind, text) {
  return kind <= ts.SyntaxKind.LastTriviaToken ? text : text.replaceAll(/[^\n]/g, '\0');
}
