import {
  be16,
  bytes,
  type Codec,
  type Decoded,
  nest,
  string,
  TYPED,
  table,
  u8,
  u16,
  u32,
} from '../../netlink/index.ts';

/** Bytes in network order, at least so many; what is longer is cut. */
function exactly(size: number): Codec<Uint8Array> {
  return { ...bytes, fits: (length) => length >= size, read: (data, at) => data.slice(at, at + size) };
}
const MAC = exactly(6);
const IPV4 = exactly(4);
const IPV6 = exactly(16);

/** include/uapi/linux/pkt_cls.h: TCA_FLOWER_*, as far as they are known here, in the order of a dump. */
export const TCA_FLOWER = {
  classid: [1, u32],
  indev: [2, string],
  ethDst: [4, MAC],
  ethDstMask: [5, MAC],
  ethSrc: [6, MAC],
  ethSrcMask: [7, MAC],
  ethType: [8, be16],
  vlanId: [23, u16],
  vlanPrio: [24, u8],
  vlanEthType: [25, be16],
  ipProto: [9, u8],
  ipTos: [73, u8],
  ipTosMask: [74, u8],
  ipTtl: [75, u8],
  ipTtlMask: [76, u8],
  ipv4Src: [10, IPV4],
  ipv4SrcMask: [11, IPV4],
  ipv4Dst: [12, IPV4],
  ipv4DstMask: [13, IPV4],
  ipv6Src: [14, IPV6],
  ipv6SrcMask: [15, IPV6],
  ipv6Dst: [16, IPV6],
  ipv6DstMask: [17, IPV6],
  tcpSrc: [18, be16],
  tcpSrcMask: [35, be16],
  tcpDst: [19, be16],
  tcpDstMask: [36, be16],
  tcpFlags: [71, be16],
  tcpFlagsMask: [72, be16],
  udpSrc: [20, be16],
  udpSrcMask: [37, be16],
  udpDst: [21, be16],
  udpDstMask: [38, be16],
  sctpSrc: [41, be16],
  sctpSrcMask: [39, be16],
  sctpDst: [42, be16],
  sctpDstMask: [40, be16],
  dstMin: [89, be16],
  dstMax: [90, be16],
  srcMin: [87, be16],
  srcMax: [88, be16],
  flags: [22, u32],
  inHwCount: [86, u32],
  act: [3, nest],
  /** What is not modelled, a line for each of its words. */
  typed: TYPED,
} as const;
export const FLOWER = table(TCA_FLOWER);
export type FlowerOptions = Decoded<typeof TCA_FLOWER>;
