import { expect, test } from 'vitest';
import { formatPrintf } from './printf.ts';
import { Unsupported } from './tool.ts';

/** Format and arguments, and what bash 5.2 prints. */
const PRINTED: readonly (readonly [format: string, args: readonly string[], text: string])[] = [
  ['%s %s\n', ['a', 'b', 'c'], 'a b\nc \n'],
  ['hello\n', ['x'], 'hello\n'],
  ['%s,', [], ','],
  ['%d %i %u', ['42', '-7', '-1'], '42 -7 18446744073709551615'],
  ['%d %d %d', ['0x10', '010', "'A"], '16 8 65'],
  ['1:%x %X %o', ['16', '255', '8'], '1:10 FF 10'],
  ['%#x %#o %#x', ['255', '8', '0'], '0xff 010 0'],
  ['%5d|%-5d|%05d|%+d|% d', ['42', '42', '-42', '42', '42'], '   42|42   |-0042|+42| 42'],
  ['%.3d|%05.3d|%.0d|', ['7', '7', '0'], '007|  007||'],
  ['%*d|%*d|%.*f', ['5', '42', '-5', '42', '2', '3.14159'], '   42|42   |3.14'],
  ['%10s|%-5s|%.2s', ['abc', 'abc', 'abc'], '       abc|abc  |ab'],
  ['%c%c', ['abc', 'x'], 'ax'],
  ['%b|%b', ['a\\tb\\x41\\0101', '\\\\c'], 'a\tbAA|\\c'],
  ['%b.', ['a\\cb', 'c'], 'a'],
  ['%s', ['\\n'], '\\n'],
  ['\\t\\101\\x41\\u00e9\\q\\0101', [], '\tAAé\\q\b1'],
  ['%q %q %q %q', ['a b', '', "it's", 'a\nb'], "a\\ b '' it\\'s $'a\\nb'"],
  ['%q %q %q', ['~x', 'x~#=@', 'a{b,c}'], '\\~x x~#=@ a\\{b\\,c\\}'],
  ['%.0f %.0f %.0f %.2f', ['0.5', '1.5', '2.5', '1.005'], '0 2 2 1.00'],
  ['%.20f %.1f', ['0.1', '0.35'], '0.10000000000000000000 0.3'],
  ['%f %e %g %g', ['3.14159', '12345.678', '1e10', '0.0001'], '3.141590 1.234568e+04 1e+10 0.0001'],
  ['50%%', [], '50%'],
];

test.each(PRINTED)('printf %j with %j prints what bash prints', (format, args, text) => {
  expect(formatPrintf(format, args)).toEqual({ text, exit: 0, stderr: '' });
});

/** What bash says, without its name, and what it prints all the same. */
const FAILED: readonly (readonly [format: string, args: readonly string[], text: string, message: string])[] = [
  ['%d.', ['12abc'], '12.', '12abc: invalid number'],
  ['%d.', ['089'], '0.', '089: invalid octal number'],
  ['%d.', ['0xg'], '0.', '0xg: invalid hex number'],
  ['%f.', ['1.5x'], '1.500000.', '1.5x: invalid number'],
  ['a%z b', ['1'], 'a', "` ': invalid format character"],
  ['100%\n', [], '100', "`\n': invalid format character"],
  ['%5', ['1'], '', "`%5': missing format character"],
];

test.each(FAILED)('printf %j with %j fails as in bash', (format, args, text, message) => {
  expect(formatPrintf(format, args)).toEqual({ text, exit: 1, stderr: `printf: ${message}\n` });
});

test('a number that is too great is the greatest, with a warning and exit code 0', () => {
  expect(formatPrintf('%d', ['9223372036854775808'])).toEqual({
    text: '9223372036854775807',
    exit: 0,
    stderr: 'printf: warning: 9223372036854775808: Numerical result out of range\n',
  });
});

test.each([
  ['%(%Y)T', ['0']],
  ['%5s', ['é']],
  ['\\xe9', []],
  ['%a', ['1']],
])('printf %j is not simulated', (format, args) => {
  expect(() => formatPrintf(format, args)).toThrow(Unsupported);
});
