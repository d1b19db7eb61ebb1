import { existsSync } from 'node:fs';
import { Frame } from '../../src/capture/index.ts';
import { UsageError } from '../../src/errors.ts';
import { type Explanation, explain, explainText } from '../../src/explain.ts';
import { escapeText } from '../../src/lang/index.ts';
import { describeFrame } from '../../src/packet/index.ts';
import { engineFor } from '../../src/replay.ts';
import type { Run } from '../../src/run.ts';
import { frameTaker } from '../files.ts';
import { readCaptures } from './captures.ts';
import { caretInValue } from './caret.ts';
import type { ExplainFlags } from './commands/explain.ts';
import { CommandLineError, FailedError, inOption } from './errors.ts';
import { fullTableNotes } from './full-table.ts';
import { unsigned } from './numbers.ts';
import { createRun, readWalk } from './options.ts';
import { say } from './output.ts';
import { Output } from './result.ts';

const LINKTYPE_ETHERNET = 1;
/** The largest frame that a capture may hold, too. */
const MAX_HEX_DIGITS = 2 * (256 << 10);

/** `cls-flow explain`. */
export async function explainPacket(what: readonly string[], flags: ExplainFlags): Promise<void> {
  checkOneSource(what, flags);
  const run = createRun(readWalk(flags, false).options);
  const explanation =
    flags.packet === undefined
      ? told(run, typedFrame(what, flags))
      : await explainCaptured(what, run, unsigned('--packet', flags.packet, Number.MAX_SAFE_INTEGER, 1));
  for (const note of fullTableNotes(run)) say(`note: ${note}`);
  const output = new Output();
  output.write(flags.format === 'json' ? `${JSON.stringify(explanation, null, 2)}\n` : text(explanation));
  output.flush();
}

/** The walk, and by which engine `classify` would take it. */
function told(run: Run, frame: Frame): Explanation {
  const engine = engineFor(run, frame);
  return { ...explain(run, frame), engine };
}

/** Specs and descriptions are the user's own, line by line. */
const text = (explanation: Explanation): string => explainText(explanation).split('\n').map(escapeText).join('\n');

function checkOneSource(what: readonly string[], flags: ExplainFlags): void {
  const sources = [what.length > 0 && 'a packet in words', flags.hex !== undefined && '--hex'].filter(Boolean);
  if (flags.packet !== undefined) {
    if (flags.hex !== undefined)
      throw new CommandLineError('--packet means a capture, --hex is a packet itself: give one');
    if (what.length === 0) throw new CommandLineError('--packet: which capture?');
    return;
  }
  if (sources.length > 1) throw new CommandLineError('two packets given: in words and as --hex');
  if (sources.length === 0) throw new CommandLineError('no packet given', null, SOURCES);
  const [first = ''] = what;
  if (what.length > 0 && existsSync(first)) {
    throw new CommandLineError(`${first}: which packet of it?`, null, 'add --packet N, counted from 1');
  }
}

const SOURCES = "a capture with --packet N, a packet in words ('tcp 192.168.1.7:51514 > 1.1.1.1:443'), or --hex FRAME";

function typedFrame(what: readonly string[], flags: ExplainFlags): Frame {
  const frame = new Frame();
  frame.data = flags.hex === undefined ? describedFrame(what.join(' ')) : hexFrame(flags.hex);
  frame.end = frame.length = frame.data.length;
  frame.linkType = LINKTYPE_ETHERNET;
  return frame;
}

function describedFrame(words: string): Uint8Array {
  try {
    return describeFrame(words);
  } catch (error) {
    throw error instanceof UsageError ? inOption('explain', words, error) : error;
  }
}

/** Two digits a byte; blanks, colons and a leading 0x are passed over. */
function hexFrame(hex: string): Uint8Array {
  const digits = hex.replace(/^0x/i, '').replace(/[\s:]/g, '');
  const wrong = /[^0-9a-f]/i.exec(digits)?.[0];
  if (wrong !== undefined)
    throw new CommandLineError(`--hex: "${wrong}" is no hex digit`, caretInValue('--hex', hex, -1, wrong));
  if (digits.length === 0 || digits.length % 2 !== 0 || digits.length > MAX_HEX_DIGITS) {
    throw new CommandLineError(`--hex: expected two digits for each byte, got ${digits.length} digits`);
  }
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** Goes through the packets before the one that is asked for: connections and police buckets are made of them. */
async function explainCaptured(captures: readonly string[], run: Run, number: number): Promise<Explanation> {
  let explanation: Explanation | null = null;
  await readCaptures(
    captures,
    frameTaker((frame) => {
      if (run.number + 1 < number) run.step(frame);
      else explanation = told(run, frame);
      return explanation === null;
    }),
    { onBatch: () => {}, onMessage: () => {} },
  );
  if (explanation === null) throw new FailedError(`there is no packet ${number}: ${run.number} were read`);
  return explanation;
}
