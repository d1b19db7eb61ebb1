import { PcapWriter } from '../src/capture/index.ts';
import { describeFrame } from '../src/packet/index.ts';
import { ETHERNET, frameOf } from './frames.ts';

/** The bytes of a pcap file whose packets are given in words, one a second from 1700000000 on. */
export function pcap(...packets: readonly string[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter({ linkType: ETHERNET }, (chunk) => chunks.push(chunk));
  for (const [i, packet] of packets.entries()) {
    const frame = frameOf(describeFrame(packet));
    frame.seconds = 1_700_000_000 + i;
    frame.nanoseconds = 5;
    writer.write(frame);
  }
  writer.finish();
  return Buffer.concat(chunks);
}
