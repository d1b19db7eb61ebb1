import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectPath } from '../fuzz/corpus.ts';

/** A run of tc: its words without the name, and what its standard input holds. */
export interface Line {
  readonly words: readonly string[];
  readonly input: string;
}

/** What tc did with a line: it sent these datagrams, each was answered with "done", and it ended so. */
export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly sent: readonly Uint8Array[];
}

/** Whose words, bytes and statuses ours are. */
const VERSION = 'iproute2-6.1.0,';
const MAX_ANSWERS = 1 << 30;

/** The tc of this machine, in a network namespace of its own, with shim.c in the kernel's place. */
export class RealTc {
  private readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Why there is none, or the one that there is. `close` it. */
  static open(): RealTc | string {
    const folder = mkdtempSync(join(tmpdir(), 'cls-flow-tc-'));
    const tc = new RealTc(folder);
    const reason = tc.build() ?? tc.obstacle();
    if (reason === null) return tc;
    tc.close();
    return reason;
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** Runs each line for itself. */
  run(lines: readonly Line[]): Ran[] {
    const environment = ['-i', `PATH=${process.env.PATH}:/sbin:/usr/sbin`, `LD_PRELOAD=${this.library}`];
    const { stdout, status, error } = spawnSync('unshare', ['-rn', 'env', ...environment, 'tc'], {
      cwd: this.folder,
      input: Buffer.concat(lines.map(request)),
      maxBuffer: MAX_ANSWERS,
    });
    if (error !== undefined || status !== 0) throw new Error(`tc as a server ended with ${status}: ${error}`);
    return answers(stdout);
  }

  private get library(): string {
    return join(this.folder, 'shim.so');
  }

  private build(): string | null {
    const source = projectPath('test/tc/shim.c');
    const { status, error } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', this.library, source, '-ldl']);
    return status === 0 ? null : `no C compiler that makes a shared library: ${error ?? `cc ended with ${status}`}`;
  }

  private obstacle(): string | null {
    try {
      const [version, add] = this.run(['-V', 'qdisc add dev d0 root htb'].map(lineOf));
      if (!version?.stdout.includes(VERSION)) return `needs tc of ${VERSION.slice(0, -1)}: ${version?.stdout.trim()}`;
      return add?.sent.length === 1 ? null : `tc does not run here: ${add?.stderr.trim()}`;
    } catch (error) {
      return `needs tc and a network namespace of its own (unshare -rn): ${String(error)}`;
    }
  }
}

export const lineOf = (text: string): Line => ({ words: text.split(' '), input: '' });

function request({ words, input }: Line): Buffer {
  const parts = ['tc', ...words].map((word) => `${word.replaceAll('\0', '')}\0`);
  const body = Buffer.concat([word32(parts.length), Buffer.from(parts.join('') + input)]);
  return Buffer.concat([word32(body.length), body]);
}

function word32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function answers(bytes: Buffer): Ran[] {
  const found: Ran[] = [];
  for (let at = 0; at < bytes.length; ) {
    const exit = bytes.readInt32LE(at);
    const [out = bytes, err = bytes, sent = bytes] = parts(bytes.subarray(at + 4), 3);
    at += 4 + [out, err, sent].reduce((all, part) => all + 4 + part.length, 0);
    found.push({ exit, stdout: out.toString(), stderr: err.toString(), sent: parts(sent) });
  }
  return found;
}

/** Pieces that stand behind their lengths, up to so many. */
function parts(bytes: Buffer, most = Number.POSITIVE_INFINITY): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length && found.length < most; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    found.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return found;
}
