/**
 * Extended matches: whether a filter looks at a packet at all. A tree of them is the payload of a nest (for the flow
 * classifier TCA_FLOW_EMATCHES); EMATCHES lists the kinds, each in a file of its own.
 *
 *   words → payload    matchPart(world).speak(words, w): UsageError in tc's words, with the index of the word
 *   payload → text     matchPart(world).print(payload, out): as tc 6.1 prints it; in JSON the string member `match`
 *   payload → payload  dumpMatch(payload): as the kernel dumps what it took; null: it dumps nothing
 *   payload → meaning  compileMatch(payload, world, env): a function of a packet; KernelError as the kernel refuses
 *   payload → data     planMatch(payload): the same as comparisons of numbers in the packet; null: it is more than that
 *
 *   text → sets        parseSets(text, indexOf): the sets that `ipset(NAME src)` asks, as ipset prints them
 *
 * A new kind is one file and one row here. What a capture cannot know (UNKNOWABLE_META) does not match unless it was
 * told: the device as Packet.dev, the socket's numbers as Packet.socket, the route's class with Input.RT_CLASSID.
 */
import type { Env } from '../../env.ts';
import type { Printer, Words } from '../../lang/index.ts';
import { AttrWriter } from '../../netlink/index.ts';
import type { Match, Scope, World } from '../notation.ts';
import { canid } from './canid.ts';
import { cmp } from './cmp.ts';
import { ipset } from './ipset.ts';
import { ipt } from './ipt.ts';
import { type Ematch, ematch } from './kind.ts';
import { meta } from './meta.ts';
import { nbyte } from './nbyte.ts';
import { text } from './text.ts';
import { compileTree, dumpTree, type MatchPlan, planTree, printTree, speakTree } from './tree.ts';
import { u32 } from './u32.ts';

export type { Match, PacketSet, Scope, World } from '../notation.ts';
export { type Arg, Args, ArgsError, numberOf, textOf } from './args.ts';
export type { FieldTest } from './field-test.ts';
export { type Ematch, type EmatchKind, ematch } from './kind.ts';
export { UNKNOWABLE_META } from './meta-ids.ts';
export { IpSet, SET_TYPES, type SetHeader, type SetType } from './set.ts';
export { parseSetLines, parseSets } from './set-text.ts';
export type { MatchPlan } from './tree.ts';

/** The kinds that there are, by their numbers. */
export const EMATCHES: readonly Ematch[] = [
  ematch(cmp),
  ematch(nbyte),
  ematch(u32),
  ematch(meta),
  ematch(text),
  ematch(canid),
  ematch(ipset),
  ematch(ipt),
];

/** How a nest of ematches is spoken and printed: the `match` of FlowParts. */
export interface MatchPart {
  /** Takes the words it knows from the cursor and writes the nest's payload. */
  speak(words: Words, w: AttrWriter): void;
  print(payload: Uint8Array, out: Printer): void;
}

/** `world` is asked for sets, by name and by index. */
export function matchPart(world: World, kinds: readonly Ematch[] = EMATCHES): MatchPart {
  return {
    speak: (words, w) => speakTree(words, w, world, kinds),
    print: (payload, out) => printTree(payload, out, world, kinds),
  };
}

/** A nest's payload, built: `match` runs for every packet, and `scope` says on whose history it depends. */
export function compileMatch(
  payload: Uint8Array,
  world: World,
  env: Env,
  kinds: readonly Ematch[] = EMATCHES,
): { readonly match: Match; readonly scope: Scope } {
  return compileTree(payload, world, env, kinds);
}

/** The payload of a nest that compileMatch() took, as the kernel dumps it; null: it leaves the nest out. */
export function dumpMatch(payload: Uint8Array, kinds: readonly Ematch[] = EMATCHES): Uint8Array | null {
  const w = new AttrWriter();
  return dumpTree(payload, kinds, w) ? w.done() : null;
}

/** A payload that compileMatch() took, as comparisons of numbers in the packet; null: it is more than that. */
export function planMatch(payload: Uint8Array, kinds: readonly Ematch[] = EMATCHES): MatchPlan | null {
  return planTree(payload, kinds);
}
