import { escapes } from '../../../node/cli/record/escapes.ts';
import { Random } from '../../kernel/diff/random.ts';
import type { Counts, Row } from '../row.ts';
import { suite } from '../suite.ts';

const SCRIPTS: Counts = { ci: 10_000, night: 100_000, release: 1_000_000 };

const TOOLS = ['tc', 'ip', 'iptables', 'nft', 'ipset', 'modprobe'];
const FOLDERS = ['/sbin/', '/usr/sbin/', '/bin/', '/usr/local/sbin/', '/opt/iproute2-6.1/bin/'];
const BEFORE = ['', 'if true; then ', 'sudo ', 'X=$(', 'exec ', '\t', 'true && ', 'TC=', 'TC="'];
const AFTER = [' qdisc show', '', ' -batch f', '; true', ' | cat', '"', ')', ' # why'];
/** Nothing of these leaves the stand-ins. */
const HARMLESS = [
  'tc qdisc add dev eth0 root sfq',
  '# /sbin/tc qdisc show',
  'cat /etc/tc.conf',
  'PATH=$PATH:/sbin',
  'echo done > /tmp/tc.log',
  '',
];

/** Lines, one of which may call a tool by its path: that one's number, or 0. */
function script(random: Random): { readonly lines: readonly string[]; readonly at: number } {
  const lines = Array.from({ length: 1 + random.below(20) }, () => random.pick(HARMLESS));
  if (random.once(2)) return { lines, at: 0 };
  const at = 1 + random.below(lines.length);
  lines[at - 1] = random.pick(BEFORE) + random.pick(FOLDERS) + random.pick(TOOLS) + random.pick(AFTER);
  return { lines, at };
}

/** Why what was reported is wrong; null: it is right. */
function objection(random: Random): string | null {
  const { lines, at } = script(random);
  const reported = escapes(lines.join('\n')).map(({ line }) => line);
  if (reported.join() === (at === 0 ? '' : String(at))) return null;
  return `reported at lines ${reported.join() || 'none'}, expected ${at || 'none'}:\n${lines.join('\n')}`;
}

export const R29: Row = {
  id: 'R29',
  test: 'record --run and --unsafe: scripts that call tools by path or change PATH; nothing of tc runs; folders and children of a killed run',
  bar: '--run records each call of tc, or tells what it did; --unsafe reports each call past the stand-ins with its line, and no other',
  // Its tests run there with all others.
  inCi: false,
  async run({ scale, seed }) {
    const random = new Random(seed);
    const count = SCRIPTS[scale];
    const wrong = Array.from({ length: count }, () => objection(random)).filter((text) => text !== null);
    const { passed, skipped, failures } = await suite('test/cli/record.test.ts');
    return {
      figure: `${count} random scripts, ${wrong.length} reported wrongly; ${passed} tests of the recorder, ${skipped} skipped, ${failures.length} failed`,
      failures: [...wrong.slice(0, 5), ...failures],
    };
  },
};
