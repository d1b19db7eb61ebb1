import { type Answer, runTc, type TcRun } from '../../src/command/index.ts';
import { Netns, type NetnsOptions } from '../../src/kernel/index.ts';

/** The devices of the errors, show and netlink families. */
export const DEVICES = [
  { name: 'lo', ifindex: 1 },
  { name: 'd0', ifindex: 7 },
  { name: 'd1', ifindex: 8 },
];

/** A fresh namespace after the commands of a record's `setup`; the bytes of those were not recorded. */
export function namespaceAfter(setup: readonly string[], options: Omit<NetnsOptions, 'devices'>): Netns {
  const netns = new Netns({ devices: DEVICES, ...options });
  const { exit, stderr } = runBatch(netns, setup);
  if (exit !== 0) throw new Error(`${setup.join('; ')}: ${stderr}`);
  return netns;
}

export const transportOf = (netns: Netns): TcRun['transport'] => ({
  request: (datagram) => netns.request(datagram),
  links: netns.links,
});

/** As `tc -force -batch`: a line that tc or the kernel refuses is skipped, unless tc exits there. */
export function runBatch(netns: Netns, lines: readonly string[]): Answer {
  const text = lines.map((line) => `${line.replace(/^tc /, '')}\n`).join('');
  return runTc(['-force', '-batch', '-'], { transport: transportOf(netns), readBatch: () => text });
}

/** The numbers of the lines that a batch refused, from 1. */
export function refusedLines(stderr: string): number[] {
  return [...stderr.matchAll(/^Command failed -:(\d+)$/gm)].map(([, line]) => Number(line));
}
