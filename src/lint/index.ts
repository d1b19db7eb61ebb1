/**
 * A tc script checked before it is trusted: its commands are run in an emulated kernel of their own, and the tree that
 * they leave is looked at, finding by finding (docs/findings). Knows the tree: nothing is said where it does not apply.
 */
export { type CheckedFinding, check, mended, type Report } from './check.ts';
export { type Besides, SEVERITIES, type Severity } from './finding.ts';
export { RULES } from './rules/index.ts';
