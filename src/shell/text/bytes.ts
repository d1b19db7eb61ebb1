import { encodeUtf8 } from '../../lang/index.ts';
import { Unsupported } from './tool.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

export const isAscii = (text: string): boolean => ASCII.test(text);

/** Programs differ in whether they count bytes or characters. */
export function needAscii(text: string, what: string): void {
  if (!isAscii(text)) throw new Unsupported(`${what} of text that is not ASCII`);
}

export const byteLength = (text: string): number => encodeUtf8(text).length;
