import { holds } from '../argument.ts';
import type { EraName } from '../era.ts';
import { FormatError } from '../errors.ts';
import { IpSet, parseSets } from '../sched/ematch/index.ts';
import type { PacketSet } from '../sched/notation.ts';
import { aDevice, type DeviceSpec } from './device.ts';

/** Everything a namespace was told, as JSON: replayed, it is the same again. */
export interface SavedNetns {
  readonly schema: 1;
  readonly era: EraName;
  readonly devices: readonly DeviceSpec[];
  /** Datagrams of one message each, in hex. */
  readonly requests: readonly string[];
  /** The sets that ematches may name, by the numbers that the requests have; absent where there are none. */
  readonly sets?: readonly SavedSet[];
}

export interface SavedSet {
  readonly index: number;
  /** As `ipset save` prints it. */
  readonly lines: readonly string[];
}

/** The same, if it is that; else FormatError. Offsets are into no file here, so they are 0. */
export function checkSaved(saved: unknown, era: EraName): SavedNetns {
  if (!isObject(saved) || saved.schema !== 1) throw wrong('a state of schema 1 expected');
  if (saved.era !== era)
    throw wrong(`a state of era ${era} expected, not ${typeof saved.era === 'string' ? saved.era : 'none'}`);
  const { devices, requests, sets } = saved;
  if (!Array.isArray(devices) || !devices.every(isDevice)) throw wrong('devices with name and ifindex expected');
  if (!Array.isArray(requests) || !requests.every(isHex)) throw wrong('requests in hex expected');
  if (sets === undefined) return { schema: 1, era, devices, requests };
  if (!Array.isArray(sets) || !sets.every(isSet)) throw wrong('sets with index and lines expected');
  return { schema: 1, era, devices, requests, sets };
}

/** The sets that were saved. Throws FormatError where their lines are no sets. */
export function setsOf({ sets = [] }: SavedNetns): IpSet[] {
  return sets.flatMap(({ index, lines }) => parseSets(lines.join('\n'), () => index));
}

/** What of a namespace's sets can be saved: those that came as text. */
export function savedSets(sets: readonly PacketSet[]): SavedSet[] {
  return sets.flatMap((set) => (set instanceof IpSet ? [{ index: set.index, lines: set.lines }] : []));
}

function wrong(message: string): FormatError {
  return new FormatError(0, message);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isDevice(value: unknown): value is DeviceSpec {
  return holds(aDevice, value);
}

function isSet(value: unknown): value is SavedSet {
  if (!isObject(value) || !Number.isInteger(value.index) || !Array.isArray(value.lines)) return false;
  return value.lines.every((line) => typeof line === 'string');
}

function isHex(value: unknown): value is string {
  return typeof value === 'string' && /^([0-9a-f]{2})*$/.test(value);
}

export function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length >> 1 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
