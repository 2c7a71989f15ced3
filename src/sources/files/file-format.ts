import type { CsvPlan, FileFormat, FilePlan } from '../../domain/plan/source-plan.ts';

/** The format of a file: as configured, else by its name, else JSON lines. */
export function formatOf(plan: FilePlan, path: string): FileFormat {
  if (plan.format !== null) return plan.format;
  switch (extensionOf(path)) {
    case 'json':
      return 'json';
    case 'csv':
    case 'tsv':
      return 'csv';
    default:
      return 'ndjson';
  }
}

/** How a CSV file is written: a file named `.tsv` has tabs, unless another delimiter is set. */
export function csvOf(plan: FilePlan, path: string): CsvPlan {
  const csv = { ...plan.csv, encoding: plan.csv.encoding ?? plan.encoding ?? null };
  return csv.delimiter === ',' && extensionOf(path) === 'tsv' ? { ...csv, delimiter: '\t' } : csv;
}

function extensionOf(path: string): string | undefined {
  return /\.([^./\\]+)(?:\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
}
