import type { Netns } from '../../src/sched/netns/index.ts';
import { readLines } from './records.ts';
import { emptyReport, type Report, record } from './report.ts';
import { namespaceAfter } from './setup.ts';
import { masked } from './times.ts';

interface NetlinkCase {
  readonly id: string;
  readonly sub: string;
  readonly setup: readonly string[];
  readonly steps: readonly {
    readonly command?: string;
    readonly raw?: string;
    readonly netlink: readonly (readonly ['send' | 'recv', string])[];
  }[];
}

/** netlink/: every recorded request given to the emulated kernel, its replies compared byte for byte. */
export function checkNetlink(directory: string): Report {
  const report = emptyReport();
  for (const recorded of readLines<NetlinkCase>(directory, 'cases.jsonl')) {
    record(report, recorded.id, checkCase(recorded));
  }
  return report;
}

function checkCase({ setup, sub, steps }: NetlinkCase): string[] {
  const netns = namespaceAfter(setup, { userNamespace: sub === 'userns' });
  return steps.flatMap(({ command, raw, netlink }) =>
    checkStep(netns, netlink).map((difference) => `${command ?? raw}: ${difference}`),
  );
}

/** Each request with the replies up to the next one. */
function checkStep(netns: Netns, netlink: NetlinkCase['steps'][number]['netlink']): string[] {
  const differences: string[] = [];
  for (const [at, [direction, hex]] of netlink.entries()) {
    if (direction !== 'send') continue;
    const rest = netlink.slice(at + 1);
    const end = rest.findIndex(([next]) => next === 'send');
    const theirs = rest.slice(0, end < 0 ? rest.length : end).map(([, reply]) => Buffer.from(reply, 'hex'));
    const ours = netns.request(Buffer.from(hex, 'hex'), theirs[0]?.readUInt32LE(12) ?? 0);
    const [a, b] = [ours, theirs].map((replies) => replies.map((reply) => masked(reply).toString('hex')).join(' '));
    if (a !== b) differences.push(`request ${hex} ours ${a}, kernel ${b}`);
  }
  return differences;
}
