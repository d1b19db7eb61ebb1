import { expect, it } from 'vitest';
import { UnpackNotes, unpacked } from '../src/capture/index.ts';
import { FormatError } from '../src/errors.ts';
import { UNPACKERS } from './files.ts';

/** A frame without a checksum in which one bit is wrong: node:zlib (libzstd 1.5.7, x86-64) and fzstd make 783 bytes of it. */
const DAMAGED = Buffer.from(
  `
KLUv/WAPApUKACbQPTkQldIYgURUv0QQQFBIFgoAB35w3RwixNhoMAfBdRgPFA2MvfWz12VYwoTXINLEgz9IBUaLen8tW6YkACwA
OQApIjB3K/f9V37T7/L719Tsmm/Jd+UxuzIE/FcpotmP/Od/8gEncV5VMlsdwO34GKST8iSfwqX9tJ81CgBzN5mluy2cZ+Ysl3p0
/i7XX8JTCzsbm5ROGsqCfHi8XB0cGxoZGBctiwqRYkIiAuLBoYFhQSEhZCGA30p1YFBA4I06YrEAyHSoR0SY7vPqyWwVhmQaH29g
TFY7+2dAPTa4l5fIxpYMSR/bSy/Oa5LAjl9r2ZmjNOlDQgErIBCDmQnVAUTcixzjDjAmL/DSwQIQtzCJ4DJcCLrFRaNorw6fyS1q
meOU5VAC8scUOdyMQXrFdiRVo1sfwviDmQNzqBAUBB2JzRrwIcjLnZzpL0cqV00C
`,
  'base64',
);
/** Behind the frame's header: its one block. */
const BLOCK = 7;

async function unzstd(file: Uint8Array): Promise<number> {
  let size = 0;
  for await (const piece of unpacked([file], UNPACKERS, new UnpackNotes())) size += piece.length;
  return size;
}

it('refuses a damaged block that other decoders take', async () => {
  const refusal = await unzstd(DAMAGED).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(FormatError);
  expect(refusal).toMatchObject({ offset: BLOCK, message: 'zstd data: this block is damaged' });
});

it('decompresses two streams at the same time, each in pieces of a block', async () => {
  const frame = Buffer.from(
    '28b52ffd04685c0000187463200100faffe66e08440000000100fdffe60e08450000000100dd131d0001a723861c',
    'hex',
  );
  expect(await Promise.all([unzstd(frame), unzstd(frame)])).toEqual([300_000, 300_000]);
});
