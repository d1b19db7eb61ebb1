import { existsSync } from 'node:fs';
import type { CheckOptions } from '../../src/api/index.ts';
import { nearest } from '../../src/lang/index.ts';
import type { CheckFlags } from './commands/check.ts';
import { CommandLineError } from './errors.ts';
import { limitsOf } from './limits.ts';
import { readText } from './named-file.ts';

/** In the folder where the command is run. */
const USUAL = 'cls-flow.json';
const MEMBERS = ['rules', '$schema'];

/** What a configuration asks for, and the file that it is in. */
export interface Config {
  readonly file: string;
  readonly severities: CheckOptions['severities'];
}

/** `--config`, or the file that is there without being named; null: there is none. */
export function configOf(flags: CheckFlags): Config | null {
  const file = flags.config ?? (existsSync(USUAL) ? USUAL : null);
  if (file === null) return null;
  const config = parsed(readText(file, limitsOf(flags), CommandLineError), file);
  for (const name of Object.keys(config)) {
    if (!MEMBERS.includes(name)) throw unknownMember(file, name);
  }
  return { file, severities: config.rules as CheckOptions['severities'] };
}

function parsed(text: string, file: string): Readonly<Record<string, unknown>> {
  const value = json(text, file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CommandLineError(`${file}: an object expected`, null, 'as {"rules": {"FT016": "off"}}');
}

function json(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split('\n');
    throw new CommandLineError(`${file}: no JSON: ${sentence}`);
  }
}

function unknownMember(file: string, name: string): CommandLineError {
  const [meant] = nearest(name, MEMBERS);
  const hint = meant === undefined ? 'it has "rules": what counts how much, by code' : `Did you mean ${meant}?`;
  return new CommandLineError(`${file}: there is no "${name}"`, null, hint);
}
