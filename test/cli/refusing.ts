import { readFileSync } from 'node:fs';
import { cli, type Ended, file } from './cli.ts';

/**
 * Loaded before the command line: of the calls that it makes of the file system, REFUSE="AT:CODE" has the one of that
 * number fail. Files of the program itself are left alone. Writes down every call.
 */
const SHIM = `
const fs = require('node:fs');
const [at, code] = process.env.REFUSE.split(':');
const real = { ...fs };
let calls = 0;
/** Descriptors of the program's own files. */
const note = (name, what, result) => {
  if (name === 'openSync') open.add(result);
  if (name === 'closeSync') open.delete(what);
  return result;
};
const log = real.openSync(process.env.REFUSE_LOG, 'w');
const open = new Set();
const own = (what) => open.has(what) || /[/](dist|node_modules|proc)[/]|package.json$/.test(String(what));
for (const name of Object.keys(fs).filter((each) => each.endsWith('Sync'))) {
  fs[name] = Object.assign((...args) => {
    if (typeof args[0] !== 'string' && typeof args[0] !== 'number' || own(args[0])) return note(name, args[0], real[name](...args));
    real.writeSync(log, name + ' ' + args[0] + '\\n');
    if (calls++ !== Number(at)) return real[name](...args);
    throw Object.assign(new Error(code + ': said the system, ' + name), { code, syscall: name.replace('Sync', ''), errno: -1 });
  }, real[name]);
}`;

export interface Refused extends Ended {
  /** The calls that were made: `name file`. */
  readonly calls: readonly string[];
}

/** Runs the command line in a system where one call of the file system fails; number -1: none. */
export function refused(args: readonly string[], at: number, code: string, input = new Uint8Array(0)): Refused {
  const shim = file('shim.cjs', SHIM);
  const log = file('calls', '');
  const env = { NODE_OPTIONS: `--require ${shim}`, REFUSE: `${at}:${code}`, REFUSE_LOG: log };
  const ended = cli(args, { env, input });
  return { ...ended, calls: readFileSync(log, 'utf8').split('\n').slice(0, -1) };
}
