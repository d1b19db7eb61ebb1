import { describe, expect, test } from 'vitest';
import { ETH_P_ALL, Packet } from '../../packet/index.ts';
import { UNSPEC, Verdict } from '../../verdict.ts';
import { Block, Chain, type ChainResult, type Proto } from './index.ts';

const IP = 0x0800;
const VLAN = 0x8100;

function says(verdict: number, log: string[] = [], name = ''): Proto['classifier'] {
  return {
    classify: () => {
      log.push(name);
      return verdict;
    },
  };
}

function proto(pref: number, verdict: number, log: string[] = [], protocol = ETH_P_ALL): Proto {
  return { pref, protocol, classifier: says(verdict, log, String(pref)) };
}

function packet(protocol = IP): Packet {
  const p = new Packet();
  p.protocol = protocol;
  return p;
}

const result = (): ChainResult => ({ classid: 0, handle: 0, pref: 0, proto: null });

describe('a chain', () => {
  test('asks in the order of preferences, until somebody wants the packet', () => {
    const log: string[] = [];
    const chain = new Chain();
    for (const p of [proto(9, Verdict.OK, log), proto(3, UNSPEC, log), proto(5, Verdict.PIPE, log)]) chain.add(p);
    const said = result();
    expect(chain.classify(packet(), said)).toBe(Verdict.PIPE);
    expect(log).toEqual(['3', '5']);
    expect(said.pref).toBe(5);
  });

  test('does not ask protos of another protocol; the tag that was taken out is the protocol', () => {
    const log: string[] = [];
    const chain = new Chain();
    chain.add(proto(1, UNSPEC, log, IP));
    chain.add(proto(2, UNSPEC, log, VLAN));
    const p = packet(IP);
    p.vlanTci = 5;
    p.vlanProto = VLAN;
    chain.classify(p, result());
    expect(log).toEqual(['2']);
  });

  test('reads the protocol again for each proto, since actions may change it', () => {
    const log: string[] = [];
    const chain = new Chain();
    chain.add({
      pref: 1,
      protocol: IP,
      classifier: {
        classify: (p) => {
          p.protocol = VLAN;
          return UNSPEC;
        },
      },
    });
    chain.add(proto(2, UNSPEC, log, IP));
    chain.add(proto(3, UNSPEC, log, VLAN));
    chain.classify(packet(IP), result());
    expect(log).toEqual(['3']);
  });

  test('quirk 40: preferences that were not given count down from 49152', () => {
    const chain = new Chain();
    chain.add(proto(7, UNSPEC));
    const given: number[] = [];
    for (let i = 0; i < 3; i++) {
      const pref = chain.autoPref();
      given.push(pref);
      chain.add(proto(pref, UNSPEC));
    }
    expect(given).toEqual([49152, 49151, 49150]);
    expect(chain.protos.map(({ pref }) => pref)).toEqual([7, 49150, 49151, 49152]);
  });

  test('an explicit preference above 32768 is counted down from; 32768 itself blocks', () => {
    const chain = new Chain();
    chain.add(proto(0x8001, UNSPEC));
    expect(chain.autoPref()).toBe(0x8000);
    chain.add(proto(0x8000, UNSPEC));
    expect(() => chain.autoPref()).toThrow('Filter with specified priority/protocol not found');
  });

  test('serves one protocol at one preference; protocol 0 is any', () => {
    const chain = new Chain();
    const one = proto(5, UNSPEC, [], IP);
    chain.add(one);
    expect(chain.find(5, IP)).toBe(one);
    expect(chain.find(5, 0)).toBe(one);
    expect(chain.find(6, IP)).toBeNull();
    expect(() => chain.find(5, VLAN)).toThrow('Filter with specified priority/protocol not found');
  });
});

describe('a block', () => {
  test('goes to another chain and does not come back', () => {
    const log: string[] = [];
    const block = new Block();
    block.obtain(0).add(proto(1, Verdict.GOTO_CHAIN | 7, log));
    block.obtain(0).add(proto(2, Verdict.OK, log));
    block.obtain(7).add(proto(3, UNSPEC, log));
    expect(block.classify(packet(), result())).toBe(UNSPEC);
    expect(log).toEqual(['1', '3']);
  });

  test('quirk 47: reclassify starts over at chain 0, from wherever the search had gone', () => {
    const log: string[] = [];
    const block = new Block();
    let first = true;
    block.obtain(0).add({
      pref: 1,
      protocol: ETH_P_ALL,
      classifier: {
        classify: () => {
          log.push('1');
          const verdict = first ? Verdict.GOTO_CHAIN | 2 : Verdict.OK;
          first = false;
          return verdict;
        },
      },
    });
    block.obtain(2).add(proto(9, Verdict.RECLASSIFY, log));
    expect(block.classify(packet(), result())).toBe(Verdict.OK);
    expect(log).toEqual(['1', '9', '1']);
  });

  test('allows sixteen restarts, gotos included; the seventeenth drops the packet', () => {
    const log: string[] = [];
    const block = new Block();
    block.obtain(0).add(proto(1, Verdict.RECLASSIFY, log));
    expect(block.classify(packet(), result())).toBe(Verdict.SHOT);
    expect(log).toHaveLength(17);
    const loop = new Block();
    loop.obtain(0).add(proto(1, Verdict.GOTO_CHAIN | 0, log));
    expect(loop.classify(packet(), result())).toBe(Verdict.SHOT);
    expect(log).toHaveLength(34);
  });

  test('has no answer without a chain 0, and drops what goes to a chain that is not there', () => {
    const block = new Block();
    block.obtain(3).add(proto(1, Verdict.OK));
    expect(block.classify(packet(), result())).toBe(UNSPEC);
    block.obtain(0).add(proto(1, Verdict.GOTO_CHAIN | 9));
    expect(block.classify(packet(), result())).toBe(Verdict.SHOT);
  });

  test('forgets a chain when nothing holds it: no proto, no `chain add`, no action', () => {
    const block = new Block();
    const chain = block.obtain(4);
    const one = proto(1, UNSPEC);
    chain.add(one);
    block.release(chain);
    expect(block.find(4)).toBe(chain);
    chain.remove(one);
    chain.actionRefs = 1;
    block.release(chain);
    expect(block.find(4)).toBe(chain);
    expect(chain.hidden).toBe(true);
    chain.actionRefs = 0;
    block.release(chain);
    expect(block.find(4)).toBeNull();
  });

  test('tells a visitor of every proto that was asked, with its chain and its answer', () => {
    const block = new Block();
    block.obtain(0).add(proto(1, UNSPEC));
    block.obtain(0).add(proto(2, Verdict.GOTO_CHAIN | 5));
    block.obtain(5).add(proto(3, Verdict.OK));
    const seen: string[] = [];
    block.classify(packet(), result(), (chain, { pref }, verdict) => seen.push(`${chain.index} ${pref} ${verdict}`));
    expect(seen).toEqual(['0 1 -1', `0 2 ${Verdict.GOTO_CHAIN | 5}`, '5 3 0']);
  });
});
