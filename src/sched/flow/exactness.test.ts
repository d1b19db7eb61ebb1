import { describe, expect, test } from 'vitest';
import { envOf, ethernet, frameOf, INGRESS, ipv4, packetOf, ports } from '../../../test/frames.ts';
import type { EraName } from '../../era.ts';
import { Ct, type Exactness, enter, FlowKeys, Input, type Packet } from '../../packet/index.ts';
import { classExactness, type Known } from './exactness.ts';
import { settle } from './filter.ts';
import { parseFlowOptions } from './options.ts';

const UDP = ethernet('0800', ipv4('192.168.0.1', '8.8.8.8', 17, ports(12345, 53)));
const ICMP = ethernet('0800', ipv4('192.168.0.1', '8.8.8.8', 1, '0800000012340001'));
const NOTHING: Known = { rxhashKey: false, foldKey: false };
const ALL: Known = { rxhashKey: true, foldKey: true };
const HASHRND = 0x12345678;

function how(spec: string, p: Packet, known: Known = NOTHING, era: EraName = '6.1'): Exactness {
  const env = envOf(era);
  const build = () => ({ match: () => true, act: () => 0 });
  const hashrnd = known === ALL ? HASHRND : undefined;
  const place = { env, qdisc: 0x10000, sharedBlock: false, userNamespace: false, build, stream: 1, hashrnd };
  const keys = new FlowKeys();
  env.era.dissect(p, keys);
  return classExactness(settle(null, 1, parseFlowOptions(spec), place), p, keys, env, known);
}

const given = (p: Packet, bits: number): Packet => {
  p.given |= bits;
  return p;
};

describe('how far a class can be trusted', () => {
  test.each<[string, string, Packet, Known, Exactness]>([
    ['an address in map mode', 'map key src', packetOf(UDP), NOTHING, 'exact'],
    ['an address in hash mode with a drawn seed', 'hash keys src', packetOf(UDP), NOTHING, 'assumed'],
    ['an address in hash mode with the kernel seed', 'hash keys src', packetOf(UDP), ALL, 'exact'],
    ['a perturbed hash, whose later seeds nobody told', 'hash keys src perturb 10', packetOf(UDP), ALL, 'assumed'],
    ['a mark that nobody told', 'map key mark', packetOf(UDP), ALL, 'assumed'],
    ['a mark that was told', 'map key mark', given(packetOf(UDP), Input.MARK), ALL, 'exact'],
    ['ports of ICMP: a pointer under a secret', 'map key proto-src', packetOf(ICMP), NOTHING, 'unknowable'],
    ['the same with the secret told: a null pointer is supposed', 'map key proto-src', packetOf(ICMP), ALL, 'assumed'],
    ['the same with the fold told', 'map key proto-src', given(packetOf(ICMP), Input.FOLD_SK), NOTHING, 'exact'],
    ['the flow hash without its key', 'map key rxhash', packetOf(UDP), NOTHING, 'unknowable'],
    ['the flow hash with its key', 'map key rxhash', packetOf(UDP), ALL, 'assumed'],
    ['the flow hash as told', 'map key rxhash', given(packetOf(UDP), Input.HASH), NOTHING, 'exact'],
    ['the conntrack pointer', 'map key nfct', packetOf(UDP), NOTHING, 'unknowable'],
    ['the weakest of several keys', 'hash keys src,mark,nfct', packetOf(UDP), { ...ALL, foldKey: false }, 'unknowable'],
  ])('%s', (_, spec, p, known, expected) => {
    expect(how(spec, p, known)).toBe(expected);
  });

  test('quirk 52: a tag that would be read from behind a short packet is unknowable', () => {
    const p = packetOf(UDP.subarray(0, 15));
    p.vlanOffload = false;
    expect(how('map key vlan-tag', p)).toBe('unknowable');
    const whole = packetOf(UDP);
    whole.vlanOffload = false;
    expect(how('map key vlan-tag', whole)).toBe('exact');
  });

  test('a null pointer of older kernels folds to 0 without a secret', () => {
    expect(how('map key proto-src', packetOf(ICMP, INGRESS, envOf('seed')), NOTHING, 'seed')).toBe('assumed');
  });

  test('a tuple is as sure as the tracker says', () => {
    const p = packetOf(UDP);
    p.ct = new Ct();
    expect(how('map key nfct-src', p)).toBe('exact');
    p.ct.exactness = 'assumed';
    expect(how('map key nfct-src', p)).toBe('assumed');
  });

  test('a packet the capture cut short before its ports is unknowable there, and exact where it was a short packet', () => {
    const cut = UDP.subarray(0, 34);
    expect(how('map key proto-dst', packetOf(cut), { ...ALL })).toBe('assumed');
    const p = packetOf(cut);
    const frame = frameOf(cut);
    frame.length = UDP.length;
    enter(frame, p, INGRESS);
    expect(how('map key proto-dst', p, ALL)).toBe('unknowable');
  });

  test('a drawn TIPC address is unknowable', () => {
    expect(how('map key src', packetOf(ethernet('88ca', '4e080010 00000000 00000000 01001002')))).toBe('unknowable');
  });
});
