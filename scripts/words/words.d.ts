export function wordsInCode(file: string, source: string): string[];
export function wordsInDocument(file: string, text: string): string[];
