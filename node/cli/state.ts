import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { createEnv } from '../../src/env.ts';
import { ERAS, type EraName } from '../../src/era.ts';
import { type DeviceSpec, Netns, type SavedNetns } from '../../src/sched/netns/index.ts';
import { writeAtomically } from '../files.ts';
import { CommandLineError } from './errors.ts';

/** Where `cls-flow tc` keeps its kernel: CLS_FLOW_STATE, or a file in the user's state directory. */
export function defaultStatePath(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CLS_FLOW_STATE) return env.CLS_FLOW_STATE;
  if (process.platform === 'win32') return path.join(env.LOCALAPPDATA ?? homedir(), 'cls-flow', 'tc.json');
  return path.join(env.XDG_STATE_HOME || path.join(homedir(), '.local', 'state'), 'cls-flow', 'tc.json');
}

const LO: DeviceSpec = { name: 'lo', ifindex: 1 };

/** The kernel of a state file, or a fresh one with nothing but lo. */
export function openState(file: string, era: EraName | undefined): Netns {
  const saved = readState(file);
  if (saved === null) return new Netns({ env: environment(era ?? '6.1'), devices: [LO] });
  if (era !== undefined && era !== saved.era) {
    throw new CommandLineError(`--era ${era}: ${file} was begun with era ${saved.era}`, null, 'name another --state');
  }
  return Netns.load(saved, environment(saved.era));
}

function environment(era: EraName) {
  return createEnv({ era: ERAS[era], seed: 0 });
}

function readState(file: string): SavedNetns | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new CommandLineError(`--state ${file}: ${(error as Error).message}`);
  }
  try {
    return checked(JSON.parse(text));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandLineError(
      `${file} is no state of cls-flow tc: ${why}`,
      null,
      'name another --state, or delete it',
    );
  }
}

/** Throws an Error that says what is missing. */
function checked(value: unknown): SavedNetns {
  const { schema, era, devices, requests } = (value ?? {}) as Partial<SavedNetns>;
  if (schema !== 1) throw new Error('"schema": 1 expected');
  if (era === undefined || !Object.hasOwn(ERAS, era)) throw new Error('an "era" of this program expected');
  if (!Array.isArray(devices) || !devices.every(isDevice)) throw new Error('"devices" with name and ifindex expected');
  if (!Array.isArray(requests) || !requests.every((one) => typeof one === 'string' && /^([0-9a-f]{2})*$/.test(one))) {
    throw new Error('"requests" in hex expected');
  }
  return { schema, era, devices, requests };
}

function isDevice(value: unknown): boolean {
  const { name, ifindex } = (value ?? {}) as Partial<DeviceSpec>;
  return typeof name === 'string' && Number.isInteger(ifindex);
}

export async function saveState(file: string, netns: Netns): Promise<void> {
  await writeAtomically(file, (sink) => sink(new TextEncoder().encode(`${JSON.stringify(netns.save(), null, 1)}\n`)));
}

/** Adds a device under the number given, or the next free one. */
export function addDevice(netns: Netns, name: string, ifindex?: number): number {
  const taken = netns.devices.map((device) => device.ifindex);
  const index = ifindex ?? Math.max(1, ...taken) + 1;
  netns.addDevice({ name, ifindex: index });
  return index;
}
