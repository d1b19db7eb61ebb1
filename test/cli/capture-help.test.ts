import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { type CaptureHelp, captureHelp } from '../../src/api/index.ts';
import { cli, file } from './cli.ts';

const SCREEN = { rows: 44, columns: 80 };
const help = (...args: readonly string[]) => cli(['capture-help', ...args]);

describe('cls-flow capture-help', () => {
  it('prints a screen of recipes for the devices that are named', () => {
    const { status, stdout, stderr } = help('--dev', 'ppp0', '--lan', 'br-lan');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(
      'tcpdump -n -i br-lan -Q in -s 128 -w up.pcap\n  then: --dev ppp0 --captured br-lan=lan --direction in\n',
    );
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(SCREEN.rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(SCREEN.columns);
  });

  it('prints JSON as its schema says, which is what the call returns', () => {
    const { stdout } = help('--dev', 'ppp0', '--format', 'json');
    const path = join(import.meta.dirname, '../../docs/schema/capture-help.schema.json');
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(readFileSync(path, 'utf8')));
    const printed: CaptureHelp = JSON.parse(stdout);
    expect(validate(printed), JSON.stringify(validate.errors)).toBe(true);
    expect(printed).toEqual(JSON.parse(JSON.stringify(captureHelp({ dev: 'ppp0' }))));
  });

  it('gives options that classify takes', () => {
    for (const { options } of captureHelp().recipes) {
      for (const [name = ''] of options.matchAll(/--[a-z-]+/g)) {
        expect(cli(['classify', '--help']).stdout).toContain(`${name} `);
      }
    }
  });

  const router = (...rules: readonly string[]): string => file('router.sh', `#!/bin/sh\n${rules.join('\n')}\n`);

  it("takes the outer device from the script's NAT rules", () => {
    const script = router('WAN=pppoe0', 'iptables -t nat -A POSTROUTING -o $WAN -j MASQUERADE');
    expect(help('--script', script).stdout).toContain(`NAT: masquerade on pppoe0 (${script}:3)\n`);
    const { dev, nat, notes } = JSON.parse(help('--script', script, '--format', 'json').stdout);
    expect([dev, nat, notes]).toEqual([
      'pppoe0',
      [{ device: 'pppoe0', kind: 'masquerade', file: script, line: 3 }],
      [],
    ]);
    expect(help('--script', script, '--dev', 'eth9').stdout).toContain(
      'note: the script has NAT on pppoe0, not on eth9',
    );
  });

  it('says where a script names several outer devices, or is none of the shell', () => {
    const two = router(...['eth1', 'eth2'].map((dev) => `iptables -t nat -A POSTROUTING -o ${dev} -j MASQUERADE`));
    expect(help('--script', two).stdout).toContain('note: the script has NAT on eth1, eth2: --dev chooses one');
    const batch = file('batch.tc', 'qdisc add dev eth0 root handle 1: sfq\n');
    expect(help('--script', batch).stdout).toContain('note: it is no shell script');
  });

  it('refuses a device whose name is no name', () => {
    expect(help('--lan', 'a;b')).toMatchObject({ status: 2, stdout: '' });
  });
});
