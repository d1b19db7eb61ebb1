import type { Env } from '../../env.ts';
import { type Exactness, exactnessOf, type FlowKeys, Input, type Packet } from '../../packet/index.ts';
import { Mode } from './classid.ts';
import type { FlowFilter } from './filter.ts';
import { HEADER_KEYS, KEYS, Key, keySource, PORT_KEYS } from './key.ts';

/** Which of the kernel's secrets the user has told us; the rest was drawn from a seed. */
export interface Known {
  readonly rxhashKey: boolean;
  readonly foldKey: boolean;
}

/** The secrets that are known, as bits of Input. */
export function knownBits({ rxhashKey, foldKey }: Known): number {
  return (rxhashKey ? Input.RXHASH_KEY : 0) | (foldKey ? Input.FOLD_KEY : 0);
}

/** The inputs (bits of Input) that one key's value rests on, `given` being known. `keys` as the filter saw them. */
export function keyRests(key: Key, p: Packet, keys: FlowKeys, env: Env, given: number): number {
  switch (keySource(key, p, keys, env.era)) {
    case 'headers':
      if (key === Key.VLAN_TAG) return readsBehind(p) ? Input.MEMORY : 0;
      return (keys.drawn ? Input.RANDOM : 0) | (isCutBefore(key, p, keys) ? Input.CUT : 0) | routerRests(key, p);
    case 'conntrack':
      return p.ct === null || p.ct.exactness === 'exact' ? 0 : Input.NAT;
    case 'metadata':
      return metadataRests(key, given);
    case 'socket pointer':
      return isCutBefore(key, p, keys) ? Input.CUT : pointerRests(Input.FOLD_SK, env, given);
    case 'route pointer':
      return isCutBefore(key, p, keys) ? Input.CUT : pointerRests(Input.FOLD_DST, env, given);
    case 'conntrack pointer':
      return pointerRests(Input.FOLD_NFCT, env, given);
  }
}

/** The inputs that the class id rests on: those of its keys, and the seed in hash mode. */
export function classRests(f: FlowFilter, p: Packet, keys: FlowKeys, env: Env, given: number): number {
  const isHash = f.mode === Mode.HASH;
  let rests = isHash && !(f.hashrndTold && f.perturbPeriod === 0) ? Input.SEED : 0;
  if ((f.keymask & ~HEADER_KEYS) === 0 && p.guessed < 0 && !p.hasGuessedAddresses && areThere(keys)) return rests;
  for (const key of f.keys) {
    rests |= keyRests(key, p, keys, env, given);
    if (!isHash) break;
  }
  return rests;
}

/** All that HEADER_KEYS read is there: the class then rests on none of the inputs. */
function areThere({ src, dst, ports, short, drawn }: FlowKeys): boolean {
  return src !== 0 && dst !== 0 && ports !== 0 && !short && !drawn;
}

/** How far one key's value can be trusted for this packet. */
export function keyExactness(key: Key, p: Packet, keys: FlowKeys, env: Env, known: Known): Exactness {
  return exactnessOf(keyRests(key, p, keys, env, p.given | knownBits(known)));
}

/** How far the class id can be trusted. */
export function classExactness(f: FlowFilter, p: Packet, keys: FlowKeys, env: Env, known: Known): Exactness {
  return exactnessOf(classRests(f, p, keys, env, p.given | knownBits(known)));
}

/** Without tag offload the kernel reads bytes 12 … 15 of data, also of a packet that has none there (quirk 52). */
function readsBehind(p: Packet): boolean {
  return !p.vlanOffload && p.at + 16 > p.end;
}

/** A router may have given the packet other ports, or addresses, than it is taken to have. */
function routerRests(key: Key, p: Packet): number {
  const { of } = KEYS[key].value;
  const isGuessed = of.endsWith('port') ? p.guessed >= 0 || p.hasGuessedAddresses : p.hasGuessedAddresses;
  return isGuessed && of !== 'protocol' ? Input.NAT : 0;
}

/** The capture ends before what the key reads; a missing port says nothing of addresses. */
function isCutBefore(key: Key, p: Packet, keys: FlowKeys): boolean {
  return keys.short && isCut(p) && (!keys.shortPorts || (PORT_KEYS & (1 << key)) !== 0);
}

/** The capture holds less of the packet than was on the wire. */
function isCut(p: Packet): boolean {
  return p.end - p.at < p.len;
}

/** The flow hash is unknowable without its key, and assumed with it: a socket or a card may have set another. */
function metadataRests(key: Key, given: number): number {
  const { value } = KEYS[key];
  const isHash = value.of === 'flow hash';
  const bit = value.of === 'metadata' ? value.given : isHash ? Input.HASH : 0;
  if ((given & bit) !== 0) return 0;
  return isHash ? bit | (Input.RXHASH_KEY & ~given) : bit;
}

/** A pointer that is not known is taken as null; where its fold is a secret too, nothing can be said. */
function pointerRests(bit: number, env: Env, given: number): number {
  if ((given & bit) !== 0) return 0;
  return env.era.foldIsSecret ? bit | (Input.FOLD_KEY & ~given) : bit;
}
