/**
 * The classifiers that there are, in tc's words and prints and in the emulated kernel. A new one is one file and one
 * row. Of a kind without a row tc can neither speak options nor can the kernel make one ("TC classifier not found").
 */

import { basic } from './basic.ts';
import { flow } from './flow.ts';
import { flower } from './flower.ts';
import { fw } from './fw.ts';
import type { ClassifierKind, Kind } from './kind.ts';
import { matchall } from './matchall.ts';
import { opaque, retired } from './opaque.ts';
import { u32 } from './u32.ts';

/** Kinds of Linux 6.1 that are not modelled. */
const OPAQUE = ['bpf', 'cgroup', 'route'].map(opaque);
/** Kinds that tc 6.1 has words for and Linux 6.1.192 no longer has: their words pass, and the kernel refuses the kind. */
const RETIRED = ['rsvp', 'rsvp6', 'tcindex'].map(retired);

export const CLASSIFIERS: readonly Kind[] = [basic, flow, flower, fw, matchall, u32, ...OPAQUE];

/** The classifier of a kind; null: there is none. */
export function findClassifier(kind: string): Kind | null {
  return CLASSIFIERS.find((row) => row.kind === kind) ?? null;
}

/** tc's words and prints of a kind; null: tc has none. */
export function findWords(kind: string, is = (name: string): boolean => name === kind): ClassifierKind | null {
  return CLASSIFIERS.find((row) => is(row.kind)) ?? RETIRED.find((row) => is(row.kind)) ?? null;
}

export { flowParts } from './flow.ts';
export {
  type ActionPayloads,
  type FilterChange,
  type FilterFacts,
  type FilterTest,
  type FlowPlan,
  type Host,
  type KernelClassifier,
  type Kind,
  type Survey,
  together,
} from './kind.ts';
