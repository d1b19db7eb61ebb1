import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileSource } from '../../node/file-source.ts';
import { UNPACKERS } from '../../node/files.ts';
import {
  advise,
  check,
  checkScript,
  classify,
  compare,
  explain,
  perturbed,
  type Question,
  recoverSeed,
  spread,
} from '../../src/api/index.ts';
import { cli, file } from '../cli/cli.ts';
import { projectPath } from '../fuzz/corpus.ts';
import { scripts } from '../lint/property.ts';

/** Captures of others, where there are some: CAPTURES=DIR. Without it only our own. */
const OTHERS = process.env.CAPTURES;
const OWN = projectPath('examples/household.pcapng');
const NAT = 'masquerade 192.168.77.0/24 to 203.0.113.2';
const SPEC = 'hash keys src,dst,nfct-src perturb 60 divisor 16';

/** What the command line makes of its options. */
const DEFAULTS: Question = { at: 'egress', vlan: 'offload', kernel: '6.1' };

/** The JSON of a command, and the call's result as JSON has it. */
function json(args: readonly string[]): unknown {
  const [name = '', ...rest] = args;
  const { stdout, stderr } = cli([name, '--format', 'json', ...rest]);
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`no JSON: ${stderr}`);
  }
}
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** A file, as the command line reads it, and its bytes as a library's user would. */
function sourcesOf(path: string) {
  return [new FileSource(path), { name: path, bytes: new Uint8Array(readFileSync(path)) }];
}

const captures = (): string[] => {
  if (OTHERS === undefined) return [OWN];
  const names = readdirSync(OTHERS, { recursive: true, encoding: 'utf8' });
  return [
    OWN,
    ...names.filter((name) => /\.(pcap|pcapng|cap)(\.gz|\.zst)?$/.test(name)).map((name) => join(OTHERS, name)),
  ];
};

describe('a call returns what its command prints', () => {
  // The command line would guess where it was captured, the library never does.
  const question: Question = { ...DEFAULTS, filters: [SPEC], nat: [NAT], captured: 'here' };
  const typed = ['--filter', SPEC, '--nat', NAT, '--captured', 'here'];

  it.each(captures())('classify and explain: %s', async (path) => {
    const printed = json(['classify', path, ...typed]);
    for (const source of sourcesOf(path)) {
      const found = await classify(source, { ...question, flows: true }, { unpackers: UNPACKERS });
      expect(asJson(found)).toEqual(printed);
    }
    if ((printed as { packets: number }).packets === 0) return;
    const explained = json(['explain', path, '--packet', '1', ...typed]);
    for (const source of sourcesOf(path)) {
      expect(asJson(await explain({ source, number: 1 }, question, { unpackers: UNPACKERS }))).toEqual(explained);
    }
  });

  it('explain of words', async () => {
    const words = 'tcp 192.168.1.7:51514 > 1.1.1.1:443';
    expect(asJson(await explain(words, question))).toEqual(json(['explain', words, ...typed]));
  });

  it('classify with a script', async () => {
    const script = readFileSync(projectPath('examples/household.tc'), 'utf8');
    const found = await classify(new FileSource(OWN), {
      ...DEFAULTS,
      script,
      dev: 'wan0',
      captured: 'here',
      flows: true,
    });
    expect(asJson(found)).toEqual(
      json(['classify', OWN, '--script', projectPath('examples/household.tc'), '--dev', 'wan0', '--captured', 'here']),
    );
  });

  describe('of a shell script', () => {
    const text = `#!/bin/sh
. /etc/qos.conf
for i in 1 2 3; do
  [ "$1" = start ] && tc qdisc replace dev "$IF" root handle "$i:" drr
done
for i in 1 2 3 4; do tc class add dev "$IF" parent 3: classid "3:$i" drr; done
tc filter add dev "$IF" parent 3: protocol $PROTO handle 1 flow hash keys "$KEYS" divisor 4
`;
    const conf = 'IF=wan0\nPROTO=ip\n';
    const script = file('qos.sh', text);
    const typed = ['--captured', 'here', '--env', 'KEYS=src', '--file', `/etc/qos.conf=${file('given.conf', conf)}`];
    const given = { args: ['start'], env: { KEYS: 'src' }, files: { '/etc/qos.conf': conf } };

    it('check', async () => {
      const found = await checkScript(text, { ...given, name: script, path: script });
      expect(found.findings.map(({ code }) => code)).toContain('FT011');
      expect(asJson(found)).toEqual(json(['check', script, ...typed.slice(2), '--', 'start']));
    });

    it('classify and explain', async () => {
      const asked = { ...DEFAULTS, script: text, captured: 'here', ...given } as const;
      const shell = { name: script, path: script };
      const found = await classify(new FileSource(OWN), { ...asked, flows: true }, { unpackers: UNPACKERS, shell });
      expect(found.classes.every(({ classid }) => /^3:[1-4]$/.test(classid))).toBe(true);
      expect(found.record.inputs.map(({ name }) => name)).toContain('/etc/qos.conf');
      expect(asJson(found)).toEqual(json(['classify', OWN, '--script', script, ...typed, '--', 'start']));
      const words = 'tcp 192.168.1.7:51514 > 1.1.1.1:443';
      expect(asJson(await explain(words, asked, { shell }))).toEqual(
        json(['explain', words, '--script', script, ...typed, '--', 'start']),
      );
    });
  });

  it('compare, advise, seeds and perturb', async () => {
    const source = new FileSource(OWN);
    const filter = (divisor: number): Question => ({ ...DEFAULTS, filters: [`hash keys src divisor ${divisor}`] });
    expect(asJson(await compare(source, filter(16), filter(64)))).toEqual(
      json(['compare', OWN, '--filter', 'hash keys src divisor 16', '--filter', 'hash keys src divisor 64']),
    );
    const adviceOf = { ...DEFAULTS, by: 'host', qdisc: 'auto', dev: 'eth0', seeds: 10, max: 4096 } as const;
    expect(asJson(await advise(source, adviceOf))).toEqual(json(['advise', OWN, '--seeds', '10']));
    expect(asJson(await spread(source, question, 10))).toEqual(json(['classify', OWN, ...typed, '--seeds', '10']));
    expect(asJson(await perturbed(source, question))).toEqual(json(['classify', OWN, ...typed, '--perturb']));
  });

  it('recover-seed', async () => {
    const [filter, pair] = ['hash keys src,dst divisor 1024', '192.168.1.1>8.8.8.8=1:6b'];
    const range = { first: 0, count: 4096 };
    const printed = json(['recover-seed', '--filter', filter, '--pair', pair, '--range', '0-4095']);
    expect(asJson(await recoverSeed({ filter, pairs: [pair], probes: [], ...range }))).toEqual(printed);
  });

  it('check, of every script of the corpus', () => {
    expect(scripts().length).toBeGreaterThan(10);
    for (const text of scripts()) {
      const { stdout } = cli(['check', '-', '--format', 'json'], { input: Buffer.from(text) });
      const found = check(text, { name: '-' });
      expect(asJson(found), text).toEqual(stdout === '' ? null : JSON.parse(stdout));
    }
  });
});
