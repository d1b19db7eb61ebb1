import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Listener, runTc, wordsAt } from '../../src/command/index.ts';
import { shellWords } from '../../src/lang/index.ts';
import { readCorpus } from './corpus.ts';

const corpus = readCorpus(fileURLToPath(new URL('./records/corpus', import.meta.url)))
  .filter(({ parses }) => parses)
  .map(({ command }) => shellWords(command).slice(1));

/** Lines of what the corpus, which has filters of flow, lacks. */
const OTHERS = [
  'qdisc add dev eth0 root handle 1: stab mtu 1500 overhead 8 linklayer atm htb default 10 r2q 10',
  'qdisc add dev eth0 root sfq perturb 10 divisor 1024 redflowlimit 100000 min 8000 max 60000 probability 0.1 ecn',
  'qdisc add dev eth0 root red limit 1mb avpkt 1000 qevent early_drop block 10',
  'qdisc add dev eth0 root tbf rate 1mbit burst 10k latency 50ms linklayer ethernet',
  'qdisc add dev eth0 root cake bandwidth 20mbit diffserv4 nat wash ack-filter',
  'qdisc show dev eth0 ingress',
  'class add dev eth0 parent 1: classid 1:1 htb rate 1mbit ceil 2mbit burst 15k prio 1',
  'class add dev eth0 parent 1: classid 1:1 hfsc sc m1 1mbit d 10ms m2 2mbit',
  'class show dev eth0 root',
  'filter add dev eth0 ingress pref 1 u32 match ip dport 80 0xffff at 20 match u32 0 0 at nexthdr+ 0 offset mask 0x0f00 shift 6 at 0',
  'filter add dev eth0 parent 1: protocol 802.1Q flower vlan_id 5 vlan_ethtype ipv4 ip_proto tcp dst_port 80 action drop',
  'filter add dev eth0 parent 1: handle 6 fw police rate 1mbit burst 10k conform-exceed drop/pass classid 1:1',
  'filter add dev eth0 matchall action mirred egress redirect dev eth1',
  'filter add dev eth0 matchall action pedit ex munge ip ttl add 1 pipe action csum ip and udp continue',
  'filter add dev eth0 matchall action vlan push id 5 protocol 802.1Q priority 3 pipe index 7',
  'filter add dev eth0 matchall action ct commit zone 5 nat src addr 1.2.3.4 port 5-6 pipe action skbedit mark 1',
  'filter add dev eth0 matchall action gact pass random netrand drop 5 action nat egress 1.2.3.4 5.6.7.8',
  'chain add dev eth0 ingress chain 5',
  'actions add action police rate 1mbit burst 10k delete action gact index 1',
].map((line) => line.split(' '));

/** Each place of each line: the words before it and the word there. */
function* places(lines: readonly (readonly string[])[]) {
  for (const words of lines) for (const [at, word] of words.entries()) yield { words, at, word };
}

/** Keywords behind which there are values that look like words; of `actions delete` the first word counts for nothing. */
const NAMES = ['delete', 'dev', 'vlan_ethtype', 'parent', 'protocol', 'baseclass', 'match'];

test('each keyword is among the words at its place, and each value is that of its keyword', () => {
  for (const { words, at, word } of places([...corpus, ...OTHERS])) {
    const found = wordsAt(words, at);
    const [first] = found;
    const where = `${words.slice(0, at).join(' ')} > ${word}`;
    if (first !== undefined && 'value' in first) {
      expect(
        words.slice(0, at).some((earlier) => first.value.startsWith(earlier)),
        where,
      ).toBe(true);
      expect(/^[a-z]/.test(word) && !NAMES.includes(first.value), where).toBe(false);
      continue;
    }
    // A number may stand where a keyword may.
    if (!/^[a-z]/.test(word)) continue;
    const is = word
      .split(/[,/]/)
      .every((part) =>
        found.some((one) => 'word' in one && (one.whole ? one.word === part : one.word.startsWith(part))),
      );
    expect(is, where).toBe(true);
  }
});

/** tc's sentences about a word that it does not know. */
const UNKNOWN = /What is|is unknown|unparsable|not supported|unknown parameter|Unknown|Garbage|Bad action type/;

function complaint(words: readonly string[]): string {
  let message = '';
  runTc(words, {
    transport: new Listener(),
    misunderstood: (error) => {
      message = error.message;
    },
  });
  return message;
}

test('each word that is given is understood there', () => {
  let given = 0;
  for (const { words, at } of places([...corpus.filter((_, row) => row % 5 === 0), ...OTHERS])) {
    for (const found of wordsAt(words, at)) {
      if (!('word' in found)) continue;
      given++;
      const line = [...words.slice(0, at), found.word];
      expect(complaint(line), line.join(' ')).not.toMatch(UNKNOWN);
    }
  }
  expect(given).toBeGreaterThan(4000);
});

test('these lines are understood to their end', () => {
  for (const words of OTHERS) expect(complaint(words), words.join(' ')).toBe('');
});
