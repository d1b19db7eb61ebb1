import type { Env } from '../../env.ts';
import { type Exactness, type FlowKeys, Given, type Packet, weaker } from '../../packet/index.ts';
import { Mode } from './classid.ts';
import type { FlowFilter } from './filter.ts';
import { Key, keySource } from './key.ts';

/** Which of the kernel's secrets the user has told us; the rest was drawn from a seed. */
export interface Known {
  readonly rxhashKey: boolean;
  readonly foldKey: boolean;
}

/** How far one key's value can be trusted for this packet. `keys` as the filter saw them. */
export function keyExactness(key: Key, p: Packet, keys: FlowKeys, env: Env, known: Known): Exactness {
  switch (keySource(key, p, keys, env.era)) {
    case 'headers':
      if (key === Key.VLAN_TAG) return readsBehind(p) ? 'unknowable' : 'exact';
      return keys.drawn || (keys.short && isCut(p)) ? 'unknowable' : 'exact';
    case 'conntrack':
      return p.ct?.exactness ?? 'exact';
    case 'metadata':
      return metadataExactness(key, p, known);
    case 'socket pointer':
      return pointerExactness(Given.FOLD_SK, p, keys, env, known);
    case 'route pointer':
      return pointerExactness(Given.FOLD_DST, p, keys, env, known);
    case 'conntrack pointer':
      return pointerExactness(Given.FOLD_NFCT, p, keys, env, known);
  }
}

/** How far the class id can be trusted: the weakest of its keys, and the seed in hash mode. */
export function classExactness(f: FlowFilter, p: Packet, keys: FlowKeys, env: Env, known: Known): Exactness {
  const seedTold = f.mode !== Mode.HASH || (f.hashrndTold && f.perturbPeriod === 0);
  let soFar: Exactness = seedTold ? 'exact' : 'assumed';
  for (const key of f.keys) {
    soFar = weaker(soFar, keyExactness(key, p, keys, env, known));
    if (f.mode !== Mode.HASH) break;
  }
  return soFar;
}

/** Without tag offload the kernel reads bytes 12 … 15 of data, also of a packet that has none there (quirk 52). */
function readsBehind(p: Packet): boolean {
  return !p.vlanOffload && p.at + 16 > p.end;
}

/** The capture holds less of the packet than was on the wire. */
function isCut(p: Packet): boolean {
  return p.end - p.at < p.len;
}

const GIVEN: Partial<Record<Key, number>> = {
  [Key.IIF]: Given.IIF,
  [Key.PRIORITY]: Given.PRIORITY,
  [Key.MARK]: Given.MARK,
  [Key.RTCLASSID]: Given.RT_CLASSID,
  [Key.SKUID]: Given.SK_UID,
  [Key.SKGID]: Given.SK_GID,
  [Key.RXHASH]: Given.HASH,
};

/** The flow hash is unknowable without its key, and assumed with it: a socket or a card may have set another. */
function metadataExactness(key: Key, p: Packet, known: Known): Exactness {
  if ((p.given & (GIVEN[key] ?? 0)) !== 0) return 'exact';
  return key === Key.RXHASH && !known.rxhashKey ? 'unknowable' : 'assumed';
}

/** A pointer that was not told is taken as null; where its fold is a secret too, nothing can be said. */
function pointerExactness(bit: number, p: Packet, keys: FlowKeys, env: Env, known: Known): Exactness {
  if (keys.short && isCut(p)) return 'unknowable';
  if ((p.given & bit) !== 0) return 'exact';
  return env.era.foldIsSecret && !known.foldKey ? 'unknowable' : 'assumed';
}
