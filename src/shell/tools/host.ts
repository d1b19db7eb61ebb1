import type { Machine, ToolAnswer, ToolCall } from '../tool.ts';
import { HOST, HOST6 } from './addresses.ts';
import { DONE, printed, refused, unknown } from './answer.ts';
import { KERNEL, PROCESSORS } from './system-files.ts';

const NAME = 'host';

/** What uname prints of each letter, in the order of `uname -a`. */
const UNAME: readonly (readonly [letter: string, long: string, text: string])[] = [
  ['s', '--kernel-name', 'Linux'],
  ['n', '--nodename', NAME],
  ['r', '--kernel-release', KERNEL],
  ['v', '--kernel-version', '#1 SMP PREEMPT_DYNAMIC'],
  ['m', '--machine', 'x86_64'],
  ['o', '--operating-system', 'GNU/Linux'],
];

export function uname(call: ToolCall): ToolAnswer {
  const letters = call.args.map((word) => UNAME.find(([, long]) => long === word)?.[0] ?? word).join('') || 's';
  const isAll = letters.includes('a');
  const rows = UNAME.filter(([letter]) => isAll || letters.includes(letter));
  const text = rows.map(([, , one]) => one).join(' ');
  return text === 'Linux' ? printed('Linux\n') : printed(`${text}\n`, text);
}

export function id(call: ToolCall): ToolAnswer {
  const letters = call.args.filter((word) => word.startsWith('-')).join('');
  const user = call.args.find((word) => !word.startsWith('-'));
  if (user !== undefined && user !== 'root') return unknown(`the numbers of user ${user}`);
  if (!/[ugG]/.test(letters)) return printed('uid=0(root) gid=0(root) groups=0(root)\n', 'root');
  return printed(letters.includes('n') ? 'root\n' : '0\n', 'root');
}

export function whoami(): ToolAnswer {
  return printed('root\n', 'root');
}

export function hostname(call: ToolCall): ToolAnswer {
  if (call.args.some((word) => /^-[iI]$|^--(?:all-)?ip-address/.test(word)))
    return printed(`${HOST} ${HOST6} \n`, HOST);
  return call.args.some((word) => !word.startsWith('-')) ? DONE : printed(`${NAME}\n`, NAME);
}

export function nproc(): ToolAnswer {
  return printed(`${PROCESSORS}\n`, `${PROCESSORS} processors`);
}

export function getconf(call: ToolCall): ToolAnswer {
  const name = call.args.at(-1) ?? '';
  if (/^_?NPROCESSORS_(?:ONLN|CONF)$/.test(name)) return nproc();
  if (name === 'PAGESIZE' || name === 'PAGE_SIZE') return printed('4096\n', '4096');
  return name === 'CLK_TCK' ? printed('100\n', '100') : unknown(`what getconf ${name} is`);
}

/** A program of which nobody knows what it prints here. */
export function prints(call: ToolCall): ToolAnswer {
  return unknown(`what ${call.name} prints`);
}

/** A program that does its work without a word. */
export function isSilent(): ToolAnswer {
  return DONE;
}

export function ps(): ToolAnswer {
  return printed('    PID TTY          TIME CMD\n', 'no processes');
}

/** pidof, pgrep and pkill find nothing: the host is idle. */
export function findsNoProcess(): ToolAnswer {
  return { exit: 1, assumed: 'no such process' };
}

export function killall(call: ToolCall): ToolAnswer {
  const name = call.args.filter((word) => !word.startsWith('-')).at(-1) ?? '';
  const isQuiet = call.args.some((word) => /^-[a-z]*q/.test(word) || word === '--quiet');
  const answer = { exit: 1, assumed: 'no such process' };
  return isQuiet ? answer : { ...answer, ...refused(`${name}: no process found`, 1) };
}

/** `kill -0` asks whether a process is there. */
export function kill(call: ToolCall): ToolAnswer {
  if (call.args[0] !== '-0') return DONE;
  return { ...refused(`kill: (${call.args[1] ?? ''}) - No such process`, 1), assumed: 'no such process' };
}

const ASKS = /^(?:is-active|is-enabled|is-failed|status|show|list-.*|cat)$/;
/** systemctl(1): exit status of a unit that is not active. */
const NOT_ACTIVE = 3;

export function systemctl(call: ToolCall): ToolAnswer {
  const [command = '', unit = ''] = call.args.filter((word) => !word.startsWith('-'));
  if (!ASKS.test(command)) return DONE;
  if (command === 'is-active') return { stdout: 'inactive\n', exit: NOT_ACTIVE, assumed: `${unit} is not active` };
  if (command === 'is-enabled') return { stdout: 'disabled\n', exit: 1, assumed: `${unit} is not enabled` };
  return unknown('what systemctl prints');
}

export function service(call: ToolCall): ToolAnswer {
  return call.args[1] === 'status' ? { exit: NOT_ACTIVE, assumed: `${call.args[0]} is not active` } : DONE;
}

/** Colours are nothing without a terminal; its size is not known. */
export function tput(call: ToolCall): ToolAnswer {
  return /^(?:cols|lines|colors)$/.test(call.args[0] ?? '') ? unknown('the size of the terminal') : DONE;
}

export function stty(call: ToolCall): ToolAnswer {
  return call.args.includes('size') || call.args.includes('-g') ? unknown('the state of the terminal') : DONE;
}

/** `wg set`, `wg-quick up`: done; what they show is not known. */
export function wireguard(call: ToolCall, _machine: Machine): ToolAnswer {
  return /^(?:show|showconf|genkey|pubkey|genpsk)$/.test(call.args[0] ?? 'show')
    ? unknown(`what ${call.name} prints`)
    : DONE;
}
