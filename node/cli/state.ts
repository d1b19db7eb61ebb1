import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { createEnv } from '../../src/env.ts';
import { ERAS, type EraName } from '../../src/era.ts';
import { checkSaved, type DeviceSpec, Netns, type SavedNetns, setsOf } from '../../src/kernel/index.ts';
import { CommandLineError } from './errors.ts';
import { readSets } from './ipset.ts';
import { writeText } from './named-file.ts';

/** Where `cls-flow tc` keeps its kernel: CLS_FLOW_STATE, or a file in the user's state directory. */
export function defaultStatePath(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CLS_FLOW_STATE) return env.CLS_FLOW_STATE;
  if (process.platform === 'win32') return path.join(env.LOCALAPPDATA ?? homedir(), 'cls-flow', 'tc.json');
  return path.join(env.XDG_STATE_HOME || path.join(homedir(), '.local', 'state'), 'cls-flow', 'tc.json');
}

const LO: DeviceSpec = { name: 'lo', ifindex: 1 };

/** The kernel of a state file, or a fresh one with nothing but lo; with the sets of its own and of `--ipset`. */
export function openState(file: string, era: EraName | undefined, ipsets: readonly string[] = []): Netns {
  const saved = readState(file);
  if (saved === null) {
    return new Netns({ env: environment(era ?? '6.1'), devices: [LO], sets: readSets(ipsets) });
  }
  if (era !== undefined && era !== saved.era) {
    throw new CommandLineError(`--era ${era}: ${file} was begun with era ${saved.era}`, null, 'name another --state');
  }
  return Netns.load(saved, environment(saved.era), { sets: readSets(ipsets, setsOf(saved)) });
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

/** Throws an Error that says what is wrong. */
function checked(value: unknown): SavedNetns {
  const { era } = (value ?? {}) as Partial<SavedNetns>;
  if (era === undefined || !Object.hasOwn(ERAS, era)) throw new Error('an "era" of this program expected');
  const saved = checkSaved(value, era);
  setsOf(saved);
  return saved;
}

export async function saveState(file: string, netns: Netns): Promise<void> {
  await writeText(file, `${JSON.stringify(netns.save(), null, 1)}\n`);
}
