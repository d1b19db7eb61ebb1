import { escapeLines } from '../lang/index.ts';
import type { Summary } from './summary.ts';

/** A time before 1970, in seconds and nanoseconds. */
const TIME = /^-\d+\.\d{9}$/;

/**
 * A cell that a spreadsheet would run as a formula is quoted (RFC 4180). Controls are escaped, as CSV is
 * read on terminals too.
 */
function cell(value: string | number | null): string {
  const text = value === null ? '' : escapeLines(String(value));
  if (/^[=+\-@\t]/.test(text) && typeof value === 'string' && !TIME.test(text))
    return `"'${text.replaceAll('"', '""')}"`;
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows of cells as CSV lines, each ended by \n. */
export function csv(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\n`).join('');
}

/** The classes and reasons of a summary as one JSON object a line, each with its `type`. */
export function ndjson(summary: Summary): string {
  const {
    classes,
    unclassified,
    collisions,
    copies = [],
    hosts = [],
    largestFlows = [],
    errors,
    filters,
    fates = [],
    ...run
  } = summary;
  const typed = [
    { type: 'run', ...run },
    ...filters.map((row) => ({ type: 'filter', ...row })),
    ...fates.map((row) => ({ type: 'fate', ...row })),
    ...classes.map((row) => ({ type: 'class', ...row })),
    ...unclassified.map((row) => ({ type: 'unclassified', ...row })),
    ...collisions.map((row) => ({ type: 'collision', ...row })),
    ...copies.map((row) => ({ type: 'copy', ...row })),
    ...hosts.map((row) => ({ type: 'host', ...row })),
    ...largestFlows.map((row) => ({ type: 'largestFlows', ...row })),
    ...errors.map((row) => ({ type: 'error', ...row })),
  ];
  return typed.map((row) => `${JSON.stringify(row)}\n`).join('');
}
