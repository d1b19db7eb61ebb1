import { readState, type ScriptReport } from '../../src/api/index.ts';
import { emulated, listingOf, runTc } from '../../src/command/index.ts';
import { Netns, type SavedNetns } from '../../src/kernel/index.ts';
import { liveListing } from '../live.ts';
import type { LimitFlags } from './commands/limits.ts';
import { CommandLineError } from './errors.ts';
import { limitsOf } from './limits.ts';
import { readCommands, readText } from './named-file.ts';

/** Where a set-up comes from: at most one of these. */
export interface SetUpFlags extends LimitFlags {
  readonly script?: string | undefined;
  readonly state?: string | undefined;
  readonly live?: string | undefined;
}

/** The set-up as a question has it. */
export interface SetUp {
  readonly script?: string;
  readonly state?: SavedNetns;
}

/** Reads the set-up that flags name; nothing if they name none. */
export function setUpOf(flags: SetUpFlags): SetUp {
  const { script, state, live } = flags;
  onlyOne(flags);
  if (script !== undefined) return { script: readCommands(script, limitsOf(flags)) };
  if (live !== undefined) return { script: liveListing(live) };
  return state === undefined ? {} : { state: savedIn(state, flags) };
}

/** What messages about a set-up begin with: its file, or the option. */
export function nameOfSetUp({ script, state, live }: SetUpFlags): string {
  return script ?? state ?? (live === undefined ? '' : `--live ${live}`);
}

/** A state or the running kernel as tc lists it, to be read as a script is; null: none is named. */
export function listingOfFlags(flags: SetUpFlags): string | null {
  const { state, live } = flags;
  onlyOne(flags);
  if (live !== undefined) return liveListing(live);
  if (state === undefined) return null;
  const { saved, env } = readState(savedIn(state, flags), 'state');
  const netns = Netns.load(saved, env);
  const transport = emulated(netns);
  return netns.devices.map(({ name }) => listingOf((words) => runTc(words, { transport }).stdout, name)).join('');
}

/** What printed a text that is no script. */
export const PRINTED_BY: Readonly<Partial<Record<ScriptReport['kind'], string>>> = {
  dump: 'tc -j … show',
  listing: 'tc … show',
};

const SOURCES = ['script', 'state', 'live'] as const;

function onlyOne(flags: SetUpFlags): void {
  const given = SOURCES.filter((name) => flags[name] !== undefined).map((name) => `--${name}`);
  if (given.length > 1) throw new CommandLineError(`${given.join(' and ')} exclude each other: give one`);
}

function savedIn(file: string, flags: LimitFlags): SavedNetns {
  const text = readText(file, limitsOf(flags));
  try {
    return JSON.parse(text) as SavedNetns;
  } catch (error) {
    throw new CommandLineError(`${file} is no state of cls-flow tc: ${(error as Error).message}`);
  }
}
