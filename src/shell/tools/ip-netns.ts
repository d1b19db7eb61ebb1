import { matches } from '../../lang/index.ts';
import type { ToolAnswer } from '../tool.ts';
import { DONE, printed, refused, unknown } from './answer.ts';
import type { IpCall } from './ip-call.ts';
import { addNamespace, dropNamespace, hasMadeNamespace, namespaces } from './links.ts';

function add(call: IpCall, name: string): ToolAnswer {
  if (hasMadeNamespace(call.machine, name)) {
    return refused(`Cannot create namespace file "/run/netns/${name}": File exists`, 1);
  }
  addNamespace(call.machine, name);
  return DONE;
}

function remove(call: IpCall, name: string): ToolAnswer {
  if (dropNamespace(call.machine, name)) return DONE;
  return refused(`Cannot remove namespace file "/run/netns/${name}": No such file or directory`, 1);
}

/** ip/ipnetns.c: do_netns(). `ip netns exec` is the shell's: what it runs is a command as others are. */
export function doNetns(call: IpCall): ToolAnswer {
  const [word = 'list', name] = call.args;
  if (matches(word, 'list') || matches(word, 'show') || matches(word, 'lst')) {
    const names = namespaces(call.machine);
    return printed(names.map((one) => `${one}\n`).join(''), names.length === 0 ? 'no namespace' : undefined);
  }
  if (matches(word, 'add')) return name === undefined ? refused('No netns name specified', 1) : add(call, name);
  if (matches(word, 'delete')) return name === undefined ? refused('No netns name specified', 1) : remove(call, name);
  return matches(word, 'identify') || matches(word, 'pids') ? unknown('which processes a namespace has') : DONE;
}
