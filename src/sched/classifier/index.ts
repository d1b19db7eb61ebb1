/**
 * The classifiers that there are, in tc's words and prints and in the emulated kernel. A new one is one file and one
 * row. Of a kind without a row tc can neither speak options nor can the kernel make one ("TC classifier not found").
 */
import { basic } from './basic.ts';
import { flow } from './flow.ts';
import { flower } from './flower.ts';
import { fw } from './fw.ts';
import type { Kind } from './kind.ts';
import { matchall } from './matchall.ts';
import { opaque } from './opaque.ts';
import { u32 } from './u32.ts';

/** Kinds of Linux 6.1 that cannot be emulated. */
const OPAQUE = ['bpf', 'cgroup', 'route', 'rsvp', 'rsvp6', 'tcindex'].map(opaque);

export const CLASSIFIERS: readonly Kind[] = [basic, flow, flower, fw, matchall, u32, ...OPAQUE];

/** The classifier of a kind; null: there is none. */
export function findClassifier(kind: string): Kind | null {
  return CLASSIFIERS.find((row) => row.kind === kind) ?? null;
}

export { flowParts } from './flow.ts';
export {
  type ActionPayloads,
  type FilterChange,
  type FilterFacts,
  type FlowPlan,
  type Host,
  type KernelClassifier,
  type Kind,
  type Survey,
  together,
} from './kind.ts';
