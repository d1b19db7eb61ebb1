/** What checking one family of golden records came to. `checked` counts records (chain and fate: packets). */
export interface Report {
  checked: number;
  differ: number;
  skipped: number;
  /** Why something was skipped → how often. */
  readonly reasons: Map<string, number>;
  /** The first differences in full. */
  readonly examples: string[];
}

const MAX_EXAMPLES = 10;

export function emptyReport(): Report {
  return { checked: 0, differ: 0, skipped: 0, reasons: new Map(), examples: [] };
}

/** Counts one checked record; `differences` holds a sentence for each thing that differed. */
export function record(report: Report, id: string, differences: readonly string[]): void {
  report.checked++;
  if (differences.length === 0) return;
  report.differ++;
  if (report.examples.length < MAX_EXAMPLES) report.examples.push(`${id}: ${differences.join('; ')}`);
}

/** Counts a record that could not be checked. */
export function skip(report: Report, reason: string): void {
  report.skipped++;
  note(report, reason);
}

/** Counts a part of a record that could not be checked; the record itself still counts as checked. */
export function note(report: Report, reason: string): void {
  report.reasons.set(reason, (report.reasons.get(reason) ?? 0) + 1);
}

/** The lines a family prints: differences, reasons, and the one line with the figures. */
export function lines(family: string, report: Report): string[] {
  return [
    ...report.examples.map((example) => `  ${example}`),
    ...[...report.reasons].map(([reason, count]) => `  skipped ${count}: ${reason}`),
    `${family}: ${report.checked} checked, ${report.differ} differ, ${report.skipped} skipped`,
  ];
}
