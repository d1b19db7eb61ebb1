import type { Machine, ToolAnswer, ToolCall } from '../tool.ts';
import { DONE, printed, refused } from './answer.ts';
import { dropLink, findLink, linkKey, listLinks, putLink } from './links.ts';
import { forget, keepAlso, keptAs } from './state.ts';

const KEY = 'modules';

/** Modules that make devices when they are loaded: the parameter that says how many, and how many without it. */
const DEVICES: Readonly<Record<string, { readonly parameter: string; readonly count: number }>> = {
  ifb: { parameter: 'numifbs', count: 2 },
  dummy: { parameter: 'numdummies', count: 1 },
  imq: { parameter: 'numdevs', count: 2 },
};

/** A module's name has no dashes in the kernel. */
const plain = (name: string): string =>
  name
    .replace(/^.*\//, '')
    .replace(/\.ko(?:\..*)?$/, '')
    .replaceAll('-', '_');

/** Modules that the script loaded, the newest first, as lsmod has them. */
export function loadedModules(machine: Machine): readonly string[] {
  return keptAs(machine, KEY).toReversed();
}

function load(machine: Machine, name: string, parameters: readonly string[]): void {
  if (keptAs(machine, KEY).includes(name)) return;
  keepAlso(machine, KEY, name);
  const devices = DEVICES[name];
  if (devices === undefined) return;
  const given = parameters.find((word) => word.startsWith(`${devices.parameter}=`));
  const count = given === undefined ? devices.count : Number(given.slice(given.indexOf('=') + 1));
  for (let number = 0; number < Math.min(count, MOST_DEVICES); number++) {
    const link = { name: `${name}${number}`, kind: name, isUp: false, mtu: 1500 };
    if (!machine.links.has(linkKey('', link.name))) putLink(machine, '', link);
  }
}

/** A wrong number must not fill the memory. */
const MOST_DEVICES = 256;

/** The devices of a module go with it; false: it is not loaded. */
function unload(machine: Machine, name: string): boolean {
  if (!forget(machine, KEY, name)) return false;
  if (DEVICES[name] === undefined) return true;
  for (const { link } of listLinks(machine, '')) {
    if (link.kind === name && findLink(machine, '', link.name) !== null) dropLink(machine, '', link.name);
  }
  return true;
}

/** kmod's modprobe. Each module is taken to be there. */
export function modprobe(call: ToolCall, machine: Machine): ToolAnswer {
  const options = call.args.filter((word) => word.startsWith('-'));
  const words = call.args.filter((word, at) => !word.startsWith('-') && !/^-[dCS]$/.test(call.args[at - 1] ?? ''));
  const has = (...names: string[]): boolean => options.some((word) => names.includes(word));
  if (has('-n', '--dry-run', '--show', '-D', '--show-depends', '-V', '--version', '-c', '--showconfig')) return DONE;
  if (words.length === 0) return refused('modprobe: ERROR: missing parameters. See -h.', 1);
  const isAll = has('-a', '--all');
  const names = (isAll ? words : words.slice(0, 1)).map(plain);
  for (const name of names) {
    if (options.some((word) => /^-[a-z]*r[a-z]*$|^--remove$/.test(word))) unload(machine, name);
    else load(machine, name, isAll ? [] : words.slice(1));
  }
  return DONE;
}

export function insmod(call: ToolCall, machine: Machine): ToolAnswer {
  const [name, ...parameters] = call.args.filter((word) => !word.startsWith('-'));
  if (name === undefined) return refused('insmod: ERROR: missing filename.', 1);
  if (keptAs(machine, KEY).includes(plain(name))) {
    return refused(`insmod: ERROR: could not insert module ${name}: File exists`, 1);
  }
  load(machine, plain(name), parameters);
  return DONE;
}

export function rmmod(call: ToolCall, machine: Machine): ToolAnswer {
  for (const name of call.args.filter((word) => !word.startsWith('-')).map(plain)) {
    if (!unload(machine, name)) {
      return {
        ...refused(`rmmod: ERROR: Module ${name} is not currently loaded`, 1),
        assumed: `${name} is not loaded`,
      };
    }
  }
  return DONE;
}

export function lsmod(_call: ToolCall, machine: Machine): ToolAnswer {
  const lines = loadedModules(machine).map((name) => `${name.padEnd(19)} ${'16384'.padStart(8)}  0\n`);
  return printed(`Module                  Size  Used by\n${lines.join('')}`, 'modules of the script only');
}

/** Some lines of what modinfo prints of a module. */
export function modinfo(call: ToolCall): ToolAnswer {
  const name = plain(call.args.filter((word) => !word.startsWith('-')).at(-1) ?? '');
  const lines = [
    `filename:       /lib/modules/6.1.0/kernel/${name}.ko`,
    'license:        GPL',
    `name:           ${name}`,
  ];
  return printed(`${lines.join('\n')}\n`, `module ${name} is there`);
}
