import { type Found, put, type Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

/** net/sched/cls_flow.c: flow_perturbation() draws a new hash seed every so many seconds. */
export const FT016: Rule = {
  code: 'FT016',
  severity: 'advice',
  title: 'perturb moves every flow at once',
  *look(tree) {
    for (const { command, by, word } of tree.refusals) {
      const value = command.words[word] ?? '';
      if (by === 'kernel' || !command.words.includes('flow') || flowArgument(command, 'perturb') !== word || word < 1)
        continue;
      const seconds = /^(\d+)s(?:ec)?$/.exec(value)?.[1];
      const found: Found = {
        command,
        word,
        severity: 'error',
        message: `perturb takes a bare number of seconds, not "${value}"`,
        effect: 'tc refuses the command, so the filter does not exist',
      };
      yield seconds === undefined ? found : { ...found, mend: [put(word, seconds)] };
    }
    for (const { command, options } of tree.asked) {
      if ((options.perturb ?? 0) === 0) continue;
      yield {
        command,
        word: flowArgument(command, 'perturb'),
        message: `every ${options.perturb} seconds all flows move to other classes`,
        effect: 'packets that still wait in the old class may be overtaken by later ones of the same connection',
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'Every ten seconds the kernel draws a new seed, and all flows change their class at the same moment.',
    'Packets that still wait in the old class may be overtaken.',
    'tc does not read `perturb 10s` as a number, and the filter is not made.',
  ],
  mend: [
    'Leave it out, or use minutes.',
    'It has one purpose: a host that shares a bucket leaves it with the next seed.',
  ],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 1024 perturb 10',
      ],
      line: 2,
      word: '10',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 1024 perturb 10s',
      ],
      line: 2,
      word: '10s',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 1024',
      ],
      why: 'The seed stays.',
    },
  ],
};
