import { emulated, kindOf, type Listed, listedCommands, listingOf, runTc } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { Netns } from '../../src/kernel/index.ts';

/** What came of printing a kernel, reading that back and printing what it makes. */
export interface Round {
  readonly printed: string;
  readonly again: string;
  /** What could not be read, and what was refused; empty mostly. */
  readonly lost: readonly string[];
}

export const env = createEnv({ era: ERAS['6.1'], seed: 0 });

/** Options of tc under which a kernel is printed. */
export const STYLES = [[], ['-s'], ['-d'], ['-s', '-d'], ['-j'], ['-j', '-s', '-d']];

/** Prints a kernel, makes another of the text, and prints that. */
export function round(netns: Netns, style: readonly string[]): Round {
  const printed = shown(netns, style);
  const kind = kindOf(printed);
  if (kind !== 'dump' && kind !== 'listing') throw new Error(`read as ${kind}: ${printed.slice(0, 200)}`);
  const listed = listedCommands(printed, kind);
  const { made, refused } = makes(listed, netns);
  const unread = listed.flatMap(({ line, unread }) => (unread === null ? [] : [`${line}: ${unread}`]));
  return { printed, again: shown(made, style), lost: [...unread, ...refused] };
}

function makes(listed: readonly Listed[], like: Netns): { readonly made: Netns; readonly refused: readonly string[] } {
  const made = new Netns({ env, devices: like.devices.map(({ spec }) => spec) });
  const transport = emulated(made);
  const refused = listed.flatMap(({ words }) => {
    const { exit, stderr } = words === null ? { exit: 0, stderr: '' } : runTc(words, { transport });
    return exit === 0 ? [] : [`${words?.join(' ')}: ${stderr}`];
  });
  return { made, refused };
}

/** All that is on all devices. */
function shown(netns: Netns, style: readonly string[]): string {
  const transport = emulated(netns);
  const list = (words: readonly string[]): string => {
    const rest = words[0] === '-d' ? words.slice(1) : words;
    return runTc([...style, ...rest], { transport }).stdout;
  };
  return netns.devices
    .map(({ name }) => (style.includes('-j') ? jsonOf(netns, list, name) : listingOf(list, name)))
    .join('');
}

/** The same lists in JSON, each object with the device and the parent that were asked for. */
function jsonOf(netns: Netns, list: (words: readonly string[]) => string, device: string): string {
  const placed = (text: string, members: string): string =>
    text.replace(/(^\[|\},)\{(?="(?:kind|class|protocol)":)/g, (begun) => `${begun}"dev":"${device}",${members}`);
  const parents = new Set<string>();
  const transport = emulated(netns);
  listingOf((words) => {
    if (words[1] === 'filter') parents.add(words.slice(5).join(' '));
    return runTc(words, { transport }).stdout;
  }, device);
  const show = (object: string, ...where: readonly string[]): string => list([object, 'show', 'dev', device, ...where]);
  const filters = [...parents].map((parent) => {
    const [word = '', id] = parent.split(' ');
    return placed(show('filter', ...parent.split(' ')), id === undefined ? `"${word}":true,` : `"${word}":"${id}",`);
  });
  return `${[placed(show('qdisc'), ''), placed(show('class'), ''), ...filters].join('\n')}\n`;
}
