import type { Env } from '../../env.ts';
import { Errno, KernelError } from '../../errors.ts';
import type { AttrWriter } from '../../netlink/index.ts';
import { Verdict } from '../../verdict.ts';
import { compileMatch, dumpMatch } from '../ematch/index.ts';
import type { Act, Match, World } from '../notation.ts';
import type { FilterBlock } from './device.ts';
import type { Call } from './reply.ts';

/** A filter's ematch tree, built. */
export interface BuiltMatch {
  readonly match: Match;
  /** The payload of the attribute; null: a dump is silent about it. */
  readonly payload: Uint8Array | null;
}

/** What a filter asks to be done, and where it stands. */
export interface ActionsRequest {
  readonly act: Uint8Array | undefined;
  readonly police: Uint8Array | undefined;
  readonly rate: Uint8Array | null;
  readonly block: FilterBlock;
  readonly ingress: boolean;
  readonly replace: boolean;
  readonly call: Call;
}

/** A filter's action list, built; its actions are bound until release(). */
export interface BuiltActions {
  readonly act: Act;
  /** Payloads as a dump shows them now; null: none. */
  dump(): { readonly act: Uint8Array | null; readonly police: Uint8Array | null };
  /** What stands behind TCA_OPTIONS: the statistics of an old-style police. */
  writeStats(w: AttrWriter): void;
  release(): void;
}

/** net/sched/ematch.c: tcf_em_tree_validate(); without the attribute everything matches. */
export function buildMatch(ematches: Uint8Array | undefined, world: World, env: Env): BuiltMatch {
  if (ematches === undefined) return { match: () => true, payload: null };
  return { match: compileMatch(ematches, world, env).match, payload: dumpMatch(ematches) };
}

export interface Actions {
  buildActions(request: ActionsRequest): BuiltActions;
}

const NOTHING: BuiltActions = {
  act: () => Verdict.OK,
  dump: () => ({ act: null, police: null }),
  writeStats: () => {},
  release: () => {},
};

export class NoActions implements Actions {
  buildActions({ act, police }: ActionsRequest): BuiltActions {
    if (act === undefined && police === undefined) return NOTHING;
    throw new KernelError(Errno.EOPNOTSUPP);
  }
}
