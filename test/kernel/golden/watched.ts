import type { Era } from '../../../src/era.ts';
import type { Random } from '../diff/random.ts';
import { type Scene, type SceneTrace, type Trace, trace } from '../trace.ts';
import { ChainCases } from './chain.ts';
import { FateCases } from './fate.ts';
import type { Family, Session } from './files.ts';
import { HopCases } from './hops.ts';

export type SecretKeys = Pick<Trace, 'rxhashKey' | 'foldKey'>;

/** Scenes that are played for families of records, and what is made of what was seen of them. */
export interface WatchedCases {
  readonly scenes: readonly Scene[];
  families(era: Era, seen: readonly SceneTrace[], keys: SecretKeys): Family[];
}

/** chain/, fate/, meta/ and conntrack/, in one go: until everything is watched takes longer than most scenes. */
export async function recordWatched(
  { k, era, frames }: Session,
  stream: () => Random,
  count: number,
): Promise<Family[]> {
  const all: readonly WatchedCases[] = [
    new ChainCases(stream(), count, frames),
    new FateCases(stream(), count),
    new HopCases(stream()),
  ];
  const scenes = all.flatMap((each) => each.scenes);
  const { scenes: seen, ...keys } = await trace(k, era, scenes, ['talk.py']);
  return all.flatMap((each, i) => {
    const first = all.slice(0, i).reduce((sum, before) => sum + before.scenes.length, 0);
    return each.families(era, seen.slice(first, first + each.scenes.length), keys);
  });
}
