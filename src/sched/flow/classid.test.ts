import { describe, expect, test } from 'vitest';
import { envOf, ethernet, ipv4, packetOf, ports } from '../../../test/frames.ts';
import type { EraName } from '../../era.ts';
import { classText } from '../../u32.ts';
import { FlowClassifier } from './classifier.ts';
import type { Place } from './filter.ts';
import { parseFlowOptions } from './options.ts';

const UDP = ethernet('0800', ipv4('10.1.2.3', '10.9.8.7', 17, ports(1000, 53)));

function place(era: EraName = '6.1'): Place {
  const build = () => ({ match: () => true, act: () => 0 });
  return { env: envOf(era), qdisc: 0x10000, sharedBlock: false, userNamespace: false, build, stream: 1 };
}

/** The class of the UDP packet under filters that are put in one after the other, with handle 1. */
function classOf(specs: readonly string[], era: EraName = '6.1', hashrnd?: number): string {
  const where = { ...place(era), hashrnd };
  const classifier = new FlowClassifier(where.env);
  for (const spec of specs) classifier.change(1, parseFlowOptions(spec), where);
  const result = { classid: 0, handle: 0 };
  expect(classifier.classify(packetOf(UDP, undefined, where.env), result)).toBe(0);
  return classText(result.classid);
}

/** Measured on Linux 6.1.192: UDP to 10.9.8.7, qdisc 1:, a fresh filter each time. */
describe('classes measured on a real kernel', () => {
  test.each([
    ['map key proto baseclass 1:1', '1:12'],
    ['map key proto baseclass 1:fff0', '1:1'],
    ['map key proto addend 0xffff baseclass 1:1', '1:11'],
    ['map key proto addend -0x10 baseclass 1:1', '1:2'],
    ['map key proto or 0x80 baseclass 1:1', '1:92'],
    ['map key proto xor 0x01 baseclass 1:1', '1:11'],
    ['map key dst and 0xff', '1:8'],
    ['map key dst and 0xff xor 0xff', '1:f9'],
    ['map key dst rshift 31', '1:1'],
    ['map key dst rshift 24', '1:b'],
    ['map key dst addend -10.9.8.0', '1:8'],
    ['map key dst addend -10.9.8.0 divisor 5', '1:3'],
    ['map key dst addend -10.9.8.8 divisor 256', '1:100'],
    ['map key dst and 0 addend 4', '1:5'],
    ['map key proto baseclass 0:1', '1:12'],
  ])('%s: %s', (spec, expected) => {
    expect(classOf([spec])).toBe(expected);
  });
});

describe('hash mode', () => {
  test('hashes the keys by number, whatever order they were named in', () => {
    // jhash2(0a010203 0a090807, 0) is not in the tables; both orders must agree, and divisor 1 leaves the base class.
    const one = classOf(['hash keys src,dst'], '6.1', 0x12345678);
    expect(classOf(['hash keys dst,src'], '6.1', 0x12345678)).toBe(one);
    expect(classOf(['hash keys src,dst divisor 1 baseclass 1:7'], '6.1', 0x12345678)).toBe('1:7');
  });

  test('of a published vector: c0a80001 08080808 under deadbeef is d0e46e7a', () => {
    const where = { ...place(), hashrnd: 0xdeadbeef };
    const classifier = new FlowClassifier(where.env);
    const bytes = ethernet('0800', ipv4('192.168.0.1', '8.8.8.8', 17, ports(1000, 53)));
    const result = { classid: 0, handle: 0 };
    const under = (spec: string): string => {
      classifier.change(1, parseFlowOptions(spec), where);
      classifier.classify(packetOf(bytes), result);
      return classText(result.classid);
    };
    expect(under('hash keys src,dst baseclass 1:1')).toBe('1:6e7b');
    expect(under('hash keys src,dst divisor 1024 baseclass 1:1')).toBe(classText(0x10000 + 634 + 1));
    expect(under('hash keys src,dst divisor 256 baseclass 1:1')).toBe(classText(0x10000 + 122 + 1));
  });
});

describe('quirks of the arithmetic', () => {
  test('quirk 10: the carry out of the minor number is lost', () => {
    expect(classOf(['map key proto baseclass 1:fff0'])).toBe('1:1');
    expect(classOf(['map key proto and 0 addend 0xffff baseclass 1:1'])).toBe('1:0');
  });

  test('quirk 11: a change to map leaves several keys, of which the lowest counts', () => {
    // src,proto by hash; the change says map and names no keys: src & 0xff is 3.
    expect(classOf(['hash keys src,proto baseclass 1:1', 'map and 0xff'])).toBe('1:4');
  });

  test('quirk 12: where a shift of 33 is taken, it shifts by one', () => {
    expect(classOf(['map key proto rshift 33 baseclass 1:1'], 'seed')).toBe('1:9');
    expect(() => classOf(['map key proto rshift 33'])).toThrow(expect.objectContaining({ errno: 34 }));
  });

  test('an unknown mode is map', () => {
    const where = place();
    const classifier = new FlowClassifier(where.env);
    classifier.change(1, { keys: 4, mode: 7 }, where);
    const result = { classid: 0, handle: 0 };
    classifier.classify(packetOf(UDP), result);
    expect(classText(result.classid)).toBe('1:12');
  });
});
