import { expect, test } from 'vitest';
import { classHosts } from './class-hosts.ts';
import { Sharing } from './sharing.ts';

function sharingOf(hosts: readonly (readonly [classid: number, address: readonly number[]])[]): Sharing {
  const sharing = new Sharing();
  for (const [classid, address] of hosts) {
    sharing.flow.set([6, 80, ...address, ...address], 1);
    sharing.host.set(address, 1);
    sharing.add(classid, address.length === 4);
  }
  return sharing;
}

const SHARING = sharingOf([
  [0xffff0001, [0xc0a80101]],
  [0x10001, [0xc0a80101]],
  [0x10002, [0x20010db8, 0, 0, 0xffffffff]],
  [0x10002, [0xfe800000, 0, 0, 1]],
  [0x10002, [0xc0a80102]],
  [0x10002, [0x0a000001]],
  [0x10002, [0x0a000001]],
]);
const OF_2 = {
  classid: 0x10002,
  hosts: 4,
  addresses: ['10.0.0.1', '192.168.1.2', '2001:db8::ffff:ffff', 'fe80::1'],
};
const only = (classid: number) => ({ classid, hosts: 1, addresses: ['192.168.1.1'] });

test('hosts are listed once in each class, IPv4 first, most hosts first', () => {
  expect(classHosts(SHARING, 10)).toEqual([OF_2, only(0x10001), only(0xffff0001)]);
});

test('of one class, and of one that has none', () => {
  expect(classHosts(SHARING, 10, 0xffff0001)).toEqual([only(0xffff0001)]);
  expect(classHosts(SHARING, 10, 0x10003)).toEqual([]);
});

test.each([1, 3])('no more than %d addresses are listed, and all are counted', (most) => {
  expect(classHosts(SHARING, most, 0x10002)).toEqual([{ ...OF_2, addresses: OF_2.addresses.slice(0, most) }]);
});
