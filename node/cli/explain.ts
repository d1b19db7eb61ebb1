import { existsSync } from 'node:fs';
import { explain, NoPacketError, type PacketQuestion, QuestionError } from '../../src/api/index.ts';
import { UsageError } from '../../src/errors.ts';
import { escapeText } from '../../src/lang/index.ts';
import { explainText } from '../../src/replay/index.ts';
import { reading, sourcesOf } from './captures.ts';
import { caretInValue } from './caret.ts';
import type { ExplainFlags } from './commands/explain.ts';
import { CommandLineError, FailedError, inOption } from './errors.ts';
import { unsigned } from './numbers.ts';
import { asking, besidesOf, questionOf } from './options.ts';
import { Output } from './result.ts';
import { sampleFor } from './sample.ts';

/** The largest frame that a capture may hold, too. */
const MAX_HEX_DIGITS = 2 * (256 << 10);

/** `cls-flow explain`. */
export async function explainPacket(what: readonly string[], flags: ExplainFlags): Promise<void> {
  checkOneSource(what, flags);
  const question = questionOf(flags);
  const packet = packetOf(what, flags);
  const besides = { ...besidesOf(flags), ...(await sampleFor(flags.packet === undefined ? [] : what, flags)) };
  const explanation = await asking(flags, () =>
    inPacket(what, () =>
      reading(what, { watched: false }, (options) => explain(packet, question, { ...options, ...besides })),
    ),
  );
  const output = new Output();
  output.write(
    flags.format === 'json'
      ? `${JSON.stringify(explanation, null, 2)}\n`
      : explainText(explanation).split('\n').map(escapeText).join('\n'),
  );
  output.flush();
}

function packetOf(what: readonly string[], flags: ExplainFlags): PacketQuestion {
  if (flags.packet !== undefined) {
    const number = unsigned('--packet', flags.packet, Number.MAX_SAFE_INTEGER, 1);
    return { source: sourcesOf(what), number };
  }
  return flags.hex === undefined ? what.join(' ') : hexFrame(flags.hex);
}

/** What is wrong with the packet itself. */
async function inPacket<T>(what: readonly string[], ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof NoPacketError) throw new FailedError(error.message);
    const isPacket = error instanceof QuestionError && error.field === 'packet' && error.reason instanceof UsageError;
    throw isPacket ? inOption('explain', what.join(' '), error.reason as UsageError) : error;
  }
}

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
