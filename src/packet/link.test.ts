import { describe, expect, it } from 'vitest';
import { Frame, Heading } from '../capture/index.ts';
import { Input } from './inputs.ts';
import { type Device, enter, LINK_TYPES } from './link.ts';
import { Packet, PktType } from './packet.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

const EGRESS: Device = { hook: 'egress', vlan: 'offload' };
const EGRESS_INBAND: Device = { hook: 'egress', vlan: 'inband' };
const INGRESS: Device = { hook: 'ingress', vlan: 'offload' };
const LO: Device = { hook: 'ingress', vlan: 'inband' };

const CANARY = 5;

/** Enters a frame that stands amid other bytes; positions of the result count from the frame's first byte. */
function at(linkType: number, text: string, device: Device, wire = 0): { reason: string | null; packet: Packet } {
  const bytes = hex(text);
  const frame = new Frame();
  frame.data = new Uint8Array(bytes.length + 2 * CANARY).fill(0xa5);
  frame.data.set(bytes, CANARY);
  frame.at = CANARY;
  frame.end = CANARY + bytes.length;
  frame.length = Math.max(wire, bytes.length);
  frame.linkType = linkType;
  frame.seconds = 7;
  const packet = new Packet();
  return { reason: enter(frame, packet, device), packet };
}

/** What a classifier can tell of the link header. */
function seen(linkType: number, text: string, device: Device): Record<string, number> {
  const { reason, packet } = at(linkType, text, device);
  expect(reason).toBeNull();
  return {
    at: packet.at - CANARY,
    network: packet.network - CANARY,
    len: packet.len,
    protocol: packet.protocol,
    mac: packet.mac < 0 ? -1 : packet.mac - CANARY,
    addresses: packet.addresses < 0 ? -1 : packet.addresses - CANARY,
    macLen: packet.macLen,
    vlanProto: packet.vlanProto,
    vlanTci: packet.vlanTci,
  };
}

const MACS = '020000000002 020000000001';
const IP = '4500 0014 0000 0000 4006 0000 0a000001 0a000002';
const UNTAGGED = { mac: 0, addresses: 0, vlanProto: 0, vlanTci: -1 };
const TAGGED = { mac: 4, addresses: 0, vlanProto: 0x8100, vlanTci: 0x6064 };

describe('Ethernet', () => {
  const plain = `${MACS} 0800 ${IP}`;
  const tagged = `${MACS} 8100 6064 0800 ${IP}`;
  const double = `${MACS} 88a8 00c8 8100 0064 0800 ${IP}`;

  it('begins at the Ethernet header at egress, at the network header at ingress', () => {
    expect(seen(1, plain, EGRESS)).toEqual({ at: 0, network: 14, len: 34, protocol: 0x800, macLen: 0, ...UNTAGGED });
    expect(seen(1, plain, INGRESS)).toEqual({ at: 14, network: 14, len: 20, protocol: 0x800, macLen: 14, ...UNTAGGED });
  });

  it('has its outermost tag out of band, except at egress of a device that does not take it', () => {
    expect(seen(1, tagged, EGRESS)).toEqual({ at: 4, network: 18, len: 34, protocol: 0x800, macLen: 0, ...TAGGED });
    expect(seen(1, tagged, INGRESS)).toEqual({ at: 18, network: 18, len: 20, protocol: 0x800, macLen: 14, ...TAGGED });
    expect(seen(1, tagged, LO)).toEqual(seen(1, tagged, INGRESS));
    const inband = { at: 0, network: 18, len: 38, protocol: 0x8100, macLen: 0, ...UNTAGGED };
    expect(seen(1, tagged, EGRESS_INBAND)).toEqual(inband);
  });

  it('keeps the inner tag in the frame', () => {
    expect(seen(1, double, INGRESS)).toMatchObject({ network: 18, protocol: 0x8100, vlanProto: 0x88a8, vlanTci: 0xc8 });
    expect(seen(1, double, EGRESS)).toMatchObject({ at: 4, network: 18, protocol: 0x8100 });
    expect(seen(1, double, EGRESS_INBAND)).toMatchObject({ at: 0, network: 22, protocol: 0x88a8, vlanTci: -1 });
  });

  it('has its network header behind seven tags in place, but not behind eight', () => {
    const tags = (count: number): string => `${MACS} ${'8100 0001 '.repeat(count)} 0800 ${IP}`;
    expect(seen(1, tags(7), EGRESS_INBAND).network).toBe(14 + 7 * 4);
    expect(seen(1, tags(8), EGRESS_INBAND).network).toBe(14);
  });

  it('tells the device by vlanOffload', () => {
    expect(at(1, plain, INGRESS).packet.vlanOffload).toBe(true);
    expect(at(1, plain, LO).packet.vlanOffload).toBe(false);
  });

  // eth_type_trans() on receipt; eth_header_parse_protocol() for what a packet socket writes.
  it.each([
    ['0026 4242 03', INGRESS, 0x0004],
    ['0028 ffff 0028', INGRESS, 0x0001],
    ['8100 0001 0028 ffff', INGRESS, 0x0001],
    ['8100 0001 0028 4242', INGRESS, 0x0004],
    ['0028 ffff 0028', EGRESS, 0x0028],
    ['0600 ffff', INGRESS, 0x0600],
  ])('type %s at %o is protocol %i', (text, device, protocol) => {
    expect(seen(1, `${MACS} ${text}`, device).protocol).toBe(protocol);
  });

  it('is dropped where the kernel drops it', () => {
    expect(at(1, `${MACS} 08`, INGRESS).reason).toBe('frame too short');
    expect(at(1, `${MACS} 8100 0001 0800 0000`, INGRESS).reason).toBeNull();
    expect(at(1, `${MACS} 8100 0001 0800 00`, INGRESS).reason).toBe('vlan tag too short');
    expect(at(1, `${MACS} 8100 0001 0800`, INGRESS, 60).reason).toBeNull();
    expect(at(1, `${MACS} 8100 0001 0800`, EGRESS_INBAND).reason).toBeNull();
    expect(at(1, `${MACS} 8100`, EGRESS_INBAND).packet.network).toBe(CANARY + 14);
  });

  it('cut by a snap length before its type is not judged', () => {
    expect(at(1, MACS, INGRESS, 60).reason).toBe('link header not captured');
    expect(at(1, `${MACS} 8100 0001`, INGRESS, 60).reason).toBe('link header not captured');
  });

  it('counts bytes of the wire', () => {
    expect(at(1, plain, INGRESS, 1514).packet.len).toBe(1500);
    expect(at(1, tagged, EGRESS, 1518).packet.len).toBe(1514);
  });

  it('has its transport header where the IP layer puts it at egress, none yet at ingress', () => {
    expect(at(1, plain, EGRESS).packet.transport).toBe(CANARY + 34);
    expect(at(1, `${MACS} 0800 46`, EGRESS).packet.transport).toBe(CANARY + 38);
    expect(at(1, `${MACS} 86dd 60`, EGRESS).packet.transport).toBe(CANARY + 54);
    expect(at(1, `${MACS} 0806 00`, EGRESS).packet.transport).toBe(-1);
    expect(at(1, plain, INGRESS).packet.transport).toBe(CANARY + 14);
    expect(at(1, tagged, INGRESS).packet.transport).toBe(CANARY + 14);
  });

  it('is known to have it there at egress, unless extension headers follow or there is no IP header', () => {
    const isKnown = (text: string, device: Device): boolean =>
      (at(1, text, device).packet.given & Input.TRANSPORT) !== 0;
    expect(isKnown(plain, EGRESS)).toBe(true);
    expect(isKnown(`${MACS} 86dd 60000000 0000 06`, EGRESS)).toBe(true);
    expect(isKnown(`${MACS} 86dd 60000000 0000 2b`, EGRESS)).toBe(false);
    expect(isKnown(`${MACS} 0806 00`, EGRESS)).toBe(false);
    expect(isKnown(plain, INGRESS)).toBe(false);
  });
});

const SLL = '0000 0001 0006 020000000001 0000';

describe('link types without an Ethernet header begin at the network header', () => {
  it.each([
    ['SLL', 113, `${SLL} 86dd`, 16, 0x86dd],
    ['SLL2', 276, '0800 0000 00000003 0001 00 06 0200000000010000', 20, 0x0800],
    ['NULL of a little-endian machine', 0, '02000000', 4, 0x0800],
    ['NULL of a big-endian machine', 0, '0000001e', 4, 0x86dd],
    ['NULL with an unknown family', 0, '07000000', 4, 0],
    ['LOOP', 108, '00000018', 4, 0x86dd],
    ['RAW', 101, '', 0, 0x0800],
    ['RAW as 12', 12, '', 0, 0x0800],
    ['RAW as 14', 14, '', 0, 0x0800],
    ['IPV4', 228, '', 0, 0x0800],
    ['IPV6', 229, '', 0, 0x86dd],
    ['PPP', 9, 'ff03 0021', 4, 0x0800],
    ['PPP without address and control', 9, '0057', 2, 0x86dd],
    ['PPP with a short protocol', 9, 'ff03 21', 3, 0x0800],
    ['PPP with MPLS', 9, '0281', 2, 0x8847],
    ['PPP with multicast MPLS', 9, '0283', 2, 0x8848],
    ['PPP with its link control protocol', 9, 'c021', 2, 0],
    ['PPP_HDLC', 50, 'ff03 0057', 4, 0x86dd],
    ['PPP_HDLC in Cisco framing', 50, '0f00 0800', 4, 0x0800],
    ['C_HDLC', 104, '8f00 86dd', 4, 0x86dd],
    ['PKTAP around Ethernet', 258, '10000000 01000000 65000000 aaaaaaaa', 16, 0x0800],
  ])('%s', (_, linkType, header, size, protocol) => {
    for (const device of [EGRESS, INGRESS]) {
      const found = seen(linkType, `${header} ${IP}`, device);
      expect(found).toMatchObject({ at: size, network: size, len: 20, protocol, mac: -1, vlanTci: -1 });
    }
    const size4 = hex(header).length;
    for (let cut = 0; cut < size4; cut++) {
      const { reason, packet } = at(linkType, Buffer.from(hex(header).subarray(0, cut)).toString('hex'), EGRESS);
      if (reason === null) expect(packet.at).toBeLessThanOrEqual(packet.end);
    }
  });

  it('and take a cooked tag out of band', () => {
    const found = seen(113, `${SLL} 8100 6064 0800 ${IP}`, EGRESS_INBAND);
    expect(found).toMatchObject({ at: 20, network: 20, len: 20, protocol: 0x0800, vlanProto: 0x8100, vlanTci: 0x6064 });
    expect(at(113, `${SLL} 8100 60`, INGRESS).reason).toBe('vlan tag too short');
  });

  it('and know the interface of SLL2 where it is the input device', () => {
    const text = `0800 0000 00000003 0001 00 06 0200000000010000 ${IP}`;
    expect(at(276, text, INGRESS).packet).toMatchObject({
      ...{ iif: 3, given: Input.IIF | Input.PKT_TYPE, macLen: 14 },
    });
    expect(at(276, text, EGRESS).packet).toMatchObject({ iif: 0, given: Input.TRANSPORT, macLen: 0 });
  });
});

describe('whom a packet is for', () => {
  const type = (linkType: number, text: string, device: Device): number => at(linkType, text, device).packet.pktType;
  const to = (address: string): string => `${address} 020000000001 0800 ${IP}`;
  const sll = (kind: string): string => `${kind} 0001 0006 020000000001 0000 0800 ${IP}`;
  const sll2 = (kind: string): string => `0800 0000 00000003 0001 ${kind} 06 020000000001 0000 ${IP}`;

  it('received Ethernet frames tell by the group bit, and single addresses are all this host’s', () => {
    expect(type(1, to('020000000002'), INGRESS)).toBe(PktType.HOST);
    expect(type(1, to('ffffffffffff'), INGRESS)).toBe(PktType.BROADCAST);
    expect(type(1, to('feffffffffff'), INGRESS)).toBe(PktType.HOST);
    for (const group of ['01005e000001', 'fffffffffffe', '333300000001']) {
      expect(type(1, to(group), INGRESS)).toBe(PktType.MULTICAST);
    }
  });

  it('tells by the address in front of a tag, too', () => {
    expect(type(1, `ffffffffffff 020000000001 8100 0001 0800 ${IP}`, INGRESS)).toBe(PktType.BROADCAST);
  });

  it('cooked captures say it of received packets', () => {
    for (const kind of [0, 1, 2, 3]) {
      expect(type(113, sll(`000${kind}`), INGRESS)).toBe(kind);
      expect(type(276, sll2(`0${kind}`), INGRESS)).toBe(kind);
    }
    expect(type(113, sll('0004'), INGRESS)).toBe(PktType.HOST);
    expect(type(276, sll2('04'), INGRESS)).toBe(PktType.HOST);
  });

  it('is this host at egress, whatever the tap or the address says', () => {
    expect(type(1, to('ffffffffffff'), EGRESS)).toBe(PktType.HOST);
    expect(type(113, sll('0004'), EGRESS)).toBe(PktType.HOST);
    expect(type(276, sll2('01'), EGRESS)).toBe(PktType.HOST);
  });
});

it('every link type is short where its header is missing, and says so', () => {
  for (const { number } of LINK_TYPES) {
    if (number === 228 || number === 229) continue;
    expect(at(number, '', INGRESS).reason).toBe('frame too short');
    expect(at(number, '', INGRESS, 100).reason).toBe('link header not captured');
  }
});

it('a link type without a row has no class', () => {
  expect(at(127, '00', EGRESS).reason).toBe('link type 127');
  expect(at(65535, '00', EGRESS).reason).toBe('link type 65535');
});

describe('the way that a packet went where it was captured', () => {
  const { UNKNOWN, IN, OUT } = Heading;
  const sll2 = (type: string): string => `0800 0000 00000002 0001 ${type} 06 0000000000000000 ${IP}`;
  // struct pktap_header: length, type, link type, 24 bytes of name, flags.
  const pktap = (flags: string): string => `28000000 01000000 65000000 ${'00'.repeat(24)} ${flags} ${IP}`;
  const nflog = (hook: string): string => `02 00 0001 0800 0100 0800 ${hook} 00 1800 0900 ${IP}`;

  it.each([
    ['Ethernet', 1, `${MACS} 0800 ${IP}`, UNKNOWN],
    ['SLL, a packet for this host', 113, `0000 0001 0006 0000000000000000 0800 ${IP}`, IN],
    ['SLL, a packet for another host', 113, `0003 0001 0006 0000000000000000 0800 ${IP}`, IN],
    ['SLL, outgoing', 113, `0004 0001 0006 0000000000000000 0800 ${IP}`, OUT],
    ['SLL2, broadcast', 276, sll2('01'), IN],
    ['SLL2, outgoing', 276, sll2('04'), OUT],
    ['SLL2, a type of no device', 276, sll2('07'), UNKNOWN],
    ['PKTAP, in', 258, pktap('01000000'), IN],
    ['PKTAP, out', 258, pktap('02000000'), OUT],
    ['PKTAP, without flags', 258, `10000000 01000000 65000000 00000000 ${IP}`, UNKNOWN],
    ['NFLOG, PREROUTING', 239, nflog('00'), IN],
    ['NFLOG, FORWARD', 239, nflog('02'), UNKNOWN],
    ['NFLOG, POSTROUTING', 239, nflog('04'), OUT],
  ])('%s', (_, linkType, text, heading) => {
    expect(at(linkType, text, EGRESS)).toMatchObject({ reason: null, packet: { heading } });
  });
});

describe('PKTAP', () => {
  const header = (length: string, inner: string): string => `${length} 01000000 ${inner} 00000000`;

  it('holds a frame of another link type', () => {
    const found = seen(258, `${header('10000000', '01000000')} ${MACS} 0800 ${IP}`, EGRESS);
    expect(found).toMatchObject({ at: 16, mac: 16, network: 30, len: 34, protocol: 0x0800 });
  });

  it('is refused with an impossible length, with itself inside or an unknown type', () => {
    expect(at(258, header('0b000000', '01000000'), EGRESS).reason).toBe('pktap header of impossible length');
    expect(at(258, header('11000000', '01000000'), EGRESS).reason).toBe('frame too short');
    expect(at(258, header('10000000', '02010000'), EGRESS).reason).toBe('link type 258 in pktap');
    expect(at(258, header('10000000', 'ffffffff'), EGRESS).reason).toBe('link type 4294967295 in pktap');
  });
});

describe('NFLOG', () => {
  const head = '0800 0100 86dd 01 00';
  const fields = '0800 0200 000000ff 0800 0400 00000007 0800 0b00 000003e8 0800 0e00 00000064 0500 0a00 61000000';

  it('gives mark, input interface, user, group and protocol', () => {
    const { reason, packet } = at(239, `02 00 0001 ${head} ${fields} 1800 0900 ${IP} 0800 0200 00000001`, EGRESS);
    expect(reason).toBeNull();
    expect(packet).toMatchObject({ protocol: 0x86dd, mark: 255, iif: 7, skUid: 1000, skGid: 100, len: 20 });
    expect(packet.given).toBe(Input.MARK | Input.IIF | Input.SK_UID | Input.SK_GID);
    expect([packet.at, packet.end]).toEqual([CANARY + 56, CANARY + 76]);
  });

  it('has the protocol of its family where it does not say', () => {
    expect(at(239, `02 00 0001 1800 0900 ${IP}`, EGRESS).packet.protocol).toBe(0x0800);
    expect(at(239, `0a 00 0001 1800 0900 ${IP}`, EGRESS).packet.protocol).toBe(0x86dd);
  });

  it('may be cut in its payload, not before', () => {
    const { reason, packet } = at(239, '02 00 0001 1800 0900 4500', EGRESS, 28);
    expect(reason).toBeNull();
    expect([packet.len, packet.end - packet.at]).toEqual([20, 2]);
    expect(at(239, '02 00 0001 0800 0200 00', EGRESS, 100).reason).toBe('link header not captured');
  });

  it.each([
    ['02 00 0001 0300 0900 4500', 'nflog attribute of impossible length'],
    ['02 00 0001 1900 0900 4500', 'nflog attribute of impossible length'],
    ['02 00 0001 0800 0200 00000001', 'nflog record without payload'],
    ['02 00 0001 0800', 'nflog attribute cut off'],
    [`02 00 0001 ${'0400 6300 '.repeat(65)} 0400 0900`, 'nflog record of too many attributes'],
  ])('%s: %s', (text, reason) => {
    expect(at(239, text, EGRESS).reason).toBe(reason);
  });
});
