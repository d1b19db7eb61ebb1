import { runTc } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import type { Era } from '../../src/era.ts';
import type { Netns } from '../../src/kernel/index.ts';
import { shellWords } from '../../src/lang/index.ts';
import { readEra, readLines } from './records.ts';
import { emptyReport, note, type Report, record } from './report.ts';
import { namespaceAfter } from './setup.ts';
import { masked } from './times.ts';

interface NetlinkStep {
  readonly command?: string;
  readonly batch?: readonly string[];
  readonly raw?: string;
  readonly netlink: readonly (readonly ['send' | 'recv', string])[];
}

interface NetlinkCase {
  readonly id: string;
  readonly sub: string;
  readonly setup: readonly string[];
  readonly steps: readonly NetlinkStep[];
}

/** A recorded datagram that tc sent, and all that the kernel sent back. */
interface Exchange {
  readonly sent: Buffer;
  readonly replies: readonly Buffer[];
}

/**
 * netlink/: every command given to our tc, whose requests are compared byte for byte; every recorded request given to
 * the emulated kernel, whose replies are compared byte for byte.
 */
export function checkNetlink(directory: string): Report {
  const report = emptyReport();
  const era = readEra(directory);
  for (const recorded of readLines<NetlinkCase>(directory, 'cases.jsonl')) {
    record(report, recorded.id, checkCase(recorded, era, report));
  }
  return report;
}

function checkCase({ setup, sub, steps }: NetlinkCase, era: Era, report: Report): string[] {
  const netns = namespaceAfter(setup, { env: createEnv({ era, seed: 0 }), userNamespace: sub === 'userns' });
  return steps.flatMap((step) => {
    const differences = step.command === undefined ? checkRaw(netns, step) : checkCommand(netns, step, report);
    return differences.map((difference) => `${step.command ?? step.raw}: ${difference}`);
  });
}

function checkRaw(netns: Netns, step: NetlinkStep): string[] {
  return exchangesOf(step).flatMap((exchange) => answer(netns, exchange).differences);
}

/** Our tc runs the command; each of its datagrams must be the next recorded one, which the kernel then answers. */
function checkCommand(netns: Netns, step: NetlinkStep, report: Report): string[] {
  const expected = exchangesOf(step);
  const differences: string[] = [];
  const request = (datagram: Uint8Array): Uint8Array[] => {
    const exchange = expected.shift();
    if (exchange === undefined) {
      differences.push(`sends ${hex(datagram)}, tc nothing more`);
      return netns.request(datagram);
    }
    const ours = withInputsOf(exchange.sent, datagram);
    if (!ours.equals(exchange.sent)) {
      const known = isMemoryOfSimple(ours, exchange.sent);
      if (known) note(report, 'request bytes that are memory of tc (quirk 34)');
      else differences.push(`sends ${hex(ours)}, tc ${hex(exchange.sent)}`);
    }
    const answered = answer(netns, exchange);
    differences.push(...answered.differences);
    return answered.replies;
  };
  runTc(shellWords(step.command ?? '').slice(1), {
    transport: { request, links: netns.links },
    readBatch: () => `${(step.batch ?? []).join('\n')}\n`,
  });
  for (const { sent } of expected) differences.push(`does not send ${hex(sent)}`);
  return differences;
}

/** The recorded datagrams in pairs: each request with the replies up to the next one. */
function exchangesOf({ netlink }: NetlinkStep): Exchange[] {
  const exchanges: { sent: Buffer; replies: Buffer[] }[] = [];
  for (const [direction, text] of netlink) {
    const bytes = Buffer.from(text, 'hex');
    if (direction === 'send') exchanges.push({ sent: bytes, replies: [] });
    else exchanges.at(-1)?.replies.push(bytes);
  }
  return exchanges;
}

function answer(netns: Netns, { sent, replies }: Exchange): { replies: Uint8Array[]; differences: string[] } {
  const ours = netns.request(sent, replies[0]?.readUInt32LE(NLMSG_PID) ?? 0);
  const [a, b] = [ours, replies].map((list) => list.map((reply) => hex(masked(reply))).join(' '));
  return { replies: ours, differences: a === b ? [] : [`request ${hex(sent)} ours ${a}, kernel ${b}`] };
}

const NLMSG_SEQ = 8;
const NLMSG_PID = 12;
const NLMSG_HDRLEN = 16;

/** A copy that has the sequence and port numbers of the record. */
function withInputsOf(theirs: Buffer, datagram: Uint8Array): Buffer {
  const copy = Buffer.from(datagram);
  theirs.copy(copy, NLMSG_SEQ, NLMSG_SEQ, NLMSG_HDRLEN);
  return copy;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** TCA_DEF_DATA of simple, 32 bytes. */
const SIMPLE_DATA = Buffer.from([36, 0, 3, 0]);

/** Quirk 34: whether only what follows the null of simple's text differs. */
function isMemoryOfSimple(ours: Buffer, theirs: Buffer): boolean {
  if (ours.length !== theirs.length) return false;
  const copy = Buffer.from(theirs);
  for (let at = copy.indexOf(SIMPLE_DATA); at >= 0; at = copy.indexOf(SIMPLE_DATA, at + SIMPLE_DATA.length)) {
    const data = copy.subarray(at + 4, at + SIMPLE_DATA.length + 32);
    data.fill(0, data.indexOf(0));
  }
  return copy.equals(ours);
}
