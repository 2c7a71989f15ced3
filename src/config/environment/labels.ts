import { labelPattern } from '../../domain/plan/label.ts';
import { InvalidEnvironment } from '../secrets/references.ts';

/** The labels in `DAYBOOK_LABELS`, each once. @throws InvalidEnvironment */
export function labelsIn(text: string): readonly string[] {
  const labels = text
    .split(',')
    .map((label) => label.trim())
    .filter((label) => label !== '');
  const wrong = labels.find((label) => !labelPattern.test(label));
  if (wrong === undefined) return [...new Set(labels)];
  throw new InvalidEnvironment(
    `DAYBOOK_LABELS: found ${JSON.stringify(wrong)}, expected labels of a-z, 0-9, _ and - with commas between them, e.g. office,dmz`,
  );
}
