import { ETH_P_ALL } from '../../packet/index.ts';
import { KEYS, Key, keysOf } from '../../sched/flow/index.ts';
import type { Found, Rule } from '../finding.ts';
import { othersReach } from '../reach.ts';
import { type Command, flowArgument, isMuted } from '../script.ts';
import type { Setup } from '../setup.ts';
import type { Page } from './page.ts';

const HEADERS: readonly Key[] = [Key.SRC, Key.DST, Key.PROTO_SRC, Key.PROTO_DST];
const PORTS: readonly Key[] = [Key.PROTO_SRC, Key.PROTO_DST];

/** net/sched/cls_flow.c: flow_get_nfct() and the fallbacks of flow_get_src() and its like: addr_fold(pointer). */
export const FT015: Rule = {
  code: 'FT015',
  severity: 'warning',
  title: 'a kernel pointer as key',
  *look(tree) {
    for (const { command, flow } of tree.flows()) {
      if (!keysOf(flow.config.keymask).includes(Key.NFCT)) continue;
      yield {
        command,
        word: flowArgument(command, 'keys'),
        message: 'nfct is the address of a kernel object',
        effect:
          'it differs from connection to connection and from boot to boot: nobody can predict the class, and no host keeps it',
      };
    }
    yield* fallbacks(tree);
  },
};

/** Packets that lack the header of a key. It is so at nearly every filter for all protocols: one finding names them all. */
function* fallbacks(tree: Setup): Generator<Found> {
  const found = [...tree.flows()].flatMap(({ q, command, flow, protocol }) => {
    const [key] = keysOf(flow.config.keymask).filter((one) => HEADERS.includes(one));
    const spared = protocol !== ETH_P_ALL || isMuted(tree.script, FT015.code, command);
    return key === undefined || spared || othersReach(q, tree) === 'no' ? [] : [{ command, key }];
  });
  const [first] = found;
  if (first === undefined) return;
  const { key } = first;
  const isHere = ({ file, line }: Command): boolean => file === first.command.file && line === first.command.line;
  const commands = found.map(({ command }) => command);
  const others = commands.filter((command) => !isHere(command));
  // A finding for each turn of a loop: they are put together later.
  const here = commands.filter((command) => isHere(command) && (command === first.command || command.loops.length > 0));
  for (const command of here) yield fallback(command, key, others);
}

function fallback(command: Command, key: Key, others: readonly Command[]): Found {
  return {
    command,
    word: flowArgument(command, 'keys'),
    severity: 'advice',
    message: `packets without ${KEYS[key].name} (${PORTS.includes(key) ? 'ICMP, fragments and others' : 'neither IPv4 nor IPv6'}) get a class by a kernel pointer`,
    effect: `their class changes from boot to boot${alsoAt(others)}`,
  };
}

/** Lines that are named; of more, there is only the number. */
const NAMED = 8;

function alsoAt(commands: readonly Command[]): string {
  const lines = [...new Set(commands.map(({ line }) => line))];
  if (lines.length === 0) return '';
  const more = lines.length > NAMED ? ` and ${lines.length - NAMED} more` : '';
  return `; the same at line${lines.length === 1 ? '' : 's'} ${lines.slice(0, NAMED).join(', ')}${more}`;
}

export const PAGE: Page = {
  happens: [
    '`nfct` is the address of a kernel object. It differs for every connection and after every boot.',
    'Keys of headers that a packet does not have (`src` of ARP, ports of ICMP) fall back to such addresses too: that is advice, and one finding names all such filters of a script.',
  ],
  mend: ['Use `nfct-src` for the host.', 'Give other protocols a filter of their own.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys nfct divisor 64',
      ],
      line: 2,
      word: 'nfct',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 1024',
      ],
      line: 2,
      word: 'src',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys mark divisor 64',
      ],
      why: 'Every packet has a mark.',
    },
  ],
};
