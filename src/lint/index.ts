/**
 * A tc script checked before it is trusted: its commands are run in an emulated kernel of their own, and the tree that
 * they leave is looked at, finding by finding (docs/findings). Knows the tree: nothing is said where it does not apply.
 *
 *   check(text)                     a batch file, the literal tc lines of a shell script, or a dump
 *   checkSimulated(simulated)       the tc commands that a simulated run gave, at their places in its files
 *   mended(text, report, file)      a file's text with the fixes in it; mendedFiles(report): which files have any
 */
export type { TextEdit } from './changes.ts';
export { check, checkSimulated, mended, mendedFiles } from './check.ts';
export { type Besides, SEVERITIES, type Severities, type Severity } from './finding.ts';
export { pageOf } from './page-text.ts';
export type { CheckedFinding, NotModelledAt, Report } from './report.ts';
export { RULES } from './rules/index.ts';
export type { FilePlace, Place, UncheckedAt } from './script.ts';
