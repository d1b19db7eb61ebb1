import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SplitMix64 } from './split-mix.ts';
import { W2, W00, type Workload, writeCapture } from './workload.ts';

describe('workloads', () => {
  it('draws the published numbers of SplitMix64', () => {
    const random = new SplitMix64(1234567);
    const drawn = Array.from({ length: 5 }, () => {
      random.draw();
      return (BigInt(random.high) << 32n) | BigInt(random.low);
    });
    expect(drawn).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
  });

  it('takes remainders of all 64 bits', () => {
    const [one, same] = [new SplitMix64(7), new SplitMix64(7)];
    for (const limit of [2, 3, 100, 65_521, 2 ** 20]) {
      same.draw();
      const drawn = (BigInt(same.high) << 32n) | BigInt(same.low);
      expect(one.below(limit)).toBe(Number(drawn % BigInt(limit)));
    }
  });

  // Digests of what another program, in C, makes of the same description.
  it('are the same bytes everywhere: pcap', () => {
    expect(digest(W00)).toBe('754de9a3d7614438b7081627a31b408e3c5e0ffd325fefe773ce630a9b6f45f0');
  });

  it('are the same bytes everywhere: pcapng, longer frames', () => {
    expect(digest({ ...W2, format: 'pcapng', packets: 10_000 })).toBe(
      '9aa9f8cc741c2e6b52bb3e1b848a8389036da7357135bc533adbe3f0ac1a0cb8',
    );
  });
});

function digest(workload: Workload): string {
  const hash = createHash('sha256');
  writeCapture(workload, (bytes) => hash.update(bytes));
  return hash.digest('hex');
}
