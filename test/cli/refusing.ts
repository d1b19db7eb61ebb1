import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Fault, faultText } from '../errno/shim.ts';
import { projectPath } from '../fuzz/corpus.ts';
import { cli, type Ended, file } from './cli.ts';

const PRELOAD = pathToFileURL(projectPath('dist/test/errno/preload.js')).href;

export interface Refused extends Ended {
  /** The calls that were made: `name file`. */
  readonly calls: readonly string[];
}

/** Runs the command line in a system where one call of the file system fails; number -1: none. */
export function refused(args: readonly string[], call: number, code: string, input = new Uint8Array(0)): Refused {
  return faulty(args, { call, code, stays: false }, input);
}

/** The same; `withOwn`: calls for the program's own files count too. */
export function faulty(args: readonly string[], fault: Fault, input = new Uint8Array(0), withOwn = false): Refused {
  const log = file('calls', '');
  const env = {
    ...{ NODE_OPTIONS: `--import ${PRELOAD}`, FAULT: faultText(fault), CALLS: log },
    ...(withOwn ? { WITH_OWN: '1' } : {}),
  };
  const ended = cli(args, { env, input });
  return { ...ended, calls: readFileSync(log, 'utf8').split('\n').slice(0, -1) };
}
