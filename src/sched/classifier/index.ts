import type { ClassifierKind } from '../notation.ts';
import { flow } from './flow.ts';
import { fw } from './fw.ts';
import { u32 } from './u32.ts';

/** The classifiers tc can speak and print. A new one is one file and one row. */
export const CLASSIFIERS: readonly ClassifierKind[] = [flow, fw, u32];

/** The classifier of a kind; null: tc has no parser for it. */
export function findClassifier(kind: string): ClassifierKind | null {
  return CLASSIFIERS.find((row) => row.kind === kind) ?? null;
}

export { flowParts } from './flow.ts';
