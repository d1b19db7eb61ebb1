import type { Machine, ToolAnswer, ToolCall } from '../tool.ts';
import { DONE, printed, refused, unknown } from './answer.ts';
import { keep, keptAs } from './state.ts';
import { systemFile } from './system-files.ts';
import { readUci, type UciSection, uciOption, uciSection } from './uci-words.ts';

/** procps sysctl: the first of `.` and `/` parts a key; then the other is a character of a name. */
function sysctlPath(key: string): string {
  const isDotted = key.search(/[./]/) >= 0 && key[key.search(/[./]/)] === '.';
  const path = isDotted ? key.replace(/[./]/g, (char) => (char === '.' ? '/' : '.')) : key;
  return `/proc/sys/${path}`;
}

/** What a key holds: the script's own value first. */
function sysctlValue(call: ToolCall, machine: Machine, key: string): ToolAnswer | string {
  const path = sysctlPath(key);
  const written = call.files.read(path);
  if (written !== undefined) return written.trim();
  const usual = systemFile(path, machine);
  if (usual === undefined) return unknown(`what sysctl ${key} is`);
  return { stdout: usual.text.trim(), assumed: usual.assumed };
}

/** Words of the options, and the keys. `-wqn` is three options. */
function sysctlWords(args: readonly string[]): { readonly options: string; readonly keys: readonly string[] } {
  const long: Readonly<Record<string, string>> = {
    ...{
      '--write': 'w',
      '--values': 'n',
      '--quiet': 'q',
      '--ignore': 'e',
      '--load': 'p',
      '--system': 'p',
      '--all': 'a',
    },
  };
  const options = args.filter((word) => word.startsWith('-'));
  return {
    options: options.map((word) => long[word.replace(/=.*/s, '')] ?? (word.startsWith('--') ? '' : word)).join(''),
    keys: args.filter((word) => !word.startsWith('-')),
  };
}

export function sysctl(call: ToolCall, machine: Machine): ToolAnswer {
  const { options, keys } = sysctlWords(call.args);
  if (options.includes('p')) return loadSysctl(call, keys[0] ?? '/etc/sysctl.conf');
  if (/[aA]/.test(options)) return unknown('all that sysctl -a prints');
  const answers = keys.map((key) => oneSysctl(call, machine, key, options));
  const first = answers.find((answer) => answer.unknown !== undefined || answer.exit !== undefined);
  if (first !== undefined) return first;
  const assumed = answers.flatMap((answer) => answer.assumed ?? []);
  return printed(
    answers.map(({ stdout = '' }) => stdout).join(''),
    assumed.length > 0 ? assumed.join(', ') : undefined,
  );
}

function oneSysctl(call: ToolCall, machine: Machine, word: string, options: string): ToolAnswer {
  const [, key = word, value] = /^([^=]+?)\s*=\s*(.*)$/s.exec(word) ?? [];
  const line = (text: string): string =>
    options.includes('n') ? `${text}\n` : `${key.replaceAll('/', '.')} = ${text}\n`;
  if (value !== undefined) {
    call.files.write(sysctlPath(key), `${value}\n`);
    return printed(options.includes('q') ? '' : line(value));
  }
  if (options.includes('w')) return refused(`sysctl: "${key}" must be of the form name=value`, 1);
  const found = sysctlValue(call, machine, key);
  if (typeof found === 'string') return printed(line(found));
  return found.unknown === undefined ? printed(line(found.stdout ?? ''), found.assumed) : found;
}

/** Lines of a file, as `sysctl -p` takes them. */
function loadSysctl(call: ToolCall, file: string): ToolAnswer {
  const text = call.files.read(file);
  if (text === undefined) return unknown(`what ${file} holds`);
  const lines = text.split('\n').map((line) => /^\s*-?([\w./-]+)\s*=\s*(.*?)\s*$/.exec(line));
  const printedLines = lines.flatMap((match) => {
    if (match === null) return [];
    const [, key = '', value = ''] = match;
    call.files.write(sysctlPath(key), `${value}\n`);
    return [`${key} = ${value}\n`];
  });
  return printed(printedLines.join(''));
}

/** A name as a script writes it: CONFIG.SECTION.OPTION. */
const UCI_NAME = /^([\w-]+)(?:\.((?:@[\w-]+\[-?\d+\])|[\w-]+)(?:\.([\w-]+))?)?$/;

/** OpenWrt's uci: knows what the user gave in /etc/config, and what the script set. */
export function uci(call: ToolCall, machine: Machine): ToolAnswer {
  const words = call.args.filter((word, at) => !word.startsWith('-') && !/^-[cdfptP]$/.test(call.args[at - 1] ?? ''));
  const isQuiet = call.args.some((word) => /^-[a-zA-Z]*q/.test(word));
  const [command = '', name = ''] = words;
  if (command === 'set') return setUci(machine, name);
  if (command !== 'get' && command !== 'show') return DONE;
  const told = keptAs(machine, `uci ${name}`)[0];
  if (told !== undefined) return printed(`${told}\n`);
  const [, config = '', section, option] = UCI_NAME.exec(name) ?? [];
  const text = call.files.read(`/etc/config/${config}`);
  if (text === undefined) return unknown(`what /etc/config/${config} holds`);
  const sections = readUci(text);
  const found = command === 'get' ? getUci(sections, section, option) : showUci(sections, config, section, option);
  if (found !== undefined) return printed(found);
  return isQuiet ? { exit: 1 } : refused('uci: Entry not found', 1);
}

function setUci(machine: Machine, word: string): ToolAnswer {
  const at = word.indexOf('=');
  if (at >= 0) keep(machine, `uci ${word.slice(0, at)}`, [word.slice(at + 1)]);
  return DONE;
}

function getUci(sections: readonly UciSection[], name = '', option?: string): string | undefined {
  const section = uciSection(sections, name);
  if (section === undefined) return undefined;
  if (option === undefined) return `${section.type}\n`;
  const values = uciOption(section, option);
  return values === undefined ? undefined : `${values.join(' ')}\n`;
}

function showUci(all: readonly UciSection[], config: string, name?: string, option?: string): string | undefined {
  const only = name === undefined ? all : [uciSection(all, name)].filter((one) => one !== undefined);
  if (only.length === 0 && name !== undefined) return undefined;
  return only.map((section) => showSection(section, config, option)).join('');
}

function showSection(section: UciSection, config: string, option?: string): string {
  const head = `${config}.${section.name}`;
  const rows = [...section.options].filter(([name]) => option === undefined || name === option);
  const lines = rows.map(([name, values]) => `${head}.${name}=${values.map((value) => `'${value}'`).join(' ')}\n`);
  return option === undefined ? `${head}=${section.type}\n${lines.join('')}` : lines.join('');
}

/** The router's own memory: only what the script sets is known. */
export function nvram(call: ToolCall, machine: Machine): ToolAnswer {
  const [command, word = ''] = call.args;
  const at = word.indexOf('=');
  if (command === 'set' && at >= 0) keep(machine, `nvram ${word.slice(0, at)}`, [word.slice(at + 1)]);
  if (command !== 'get') return command === 'show' ? unknown('what nvram holds') : DONE;
  const told = keptAs(machine, `nvram ${word}`)[0];
  return told === undefined ? unknown(`what nvram holds for ${word}`) : printed(`${told}\n`);
}
