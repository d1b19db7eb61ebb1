/**
 * The numbers of tc's language: what iproute2 6.1 accepts and how it prints it. Parsers give undefined where tc
 * says no; the caller knows the words to refuse with.
 */

const U64 = 1n << 64n;

/** Digits of one base, as strtoul() takes them: after optional blanks and a sign. */
const DIGITS = { 8: /^[0-7]+/, 10: /^[0-9]+/, 16: /^[0-9a-f]+/i } as const;

/**
 * C's strtoul() on a 64-bit machine: value 0…2^64-1 and what is left of the text. Base 0 reads 0x… as hexadecimal
 * and 0… as octal. A minus sign negates modulo 2^64; too large a number gives undefined (ULONG_MAX with ERANGE), with what
 * is behind it left; no digits: undefined with the whole text left.
 */
export function strtoul(text: string, base: 0 | 10 | 16): { value: bigint | undefined; rest: string } {
  const [start = '', sign = ''] = /^[ \t\n\v\f\r]*([+-]?)/.exec(text) ?? [];
  let body = text.slice(start.length);
  let radix: 8 | 10 | 16 = base === 0 ? 10 : base;
  if (base !== 10 && /^0x[0-9a-f]/i.test(body)) {
    radix = 16;
    body = body.slice(2);
  } else if (base === 0 && body.startsWith('0')) radix = 8;
  const digits = DIGITS[radix].exec(body)?.[0];
  if (digits === undefined) return { value: undefined, rest: text };
  const rest = body.slice(digits.length);
  const value = magnitude(digits, radix);
  if (value === undefined) return { value, rest };
  return { value: sign === '-' ? (U64 - value) % U64 : value, rest };
}

/** undefined: 2^64 or more. Leading zeros are dropped first, so a long text costs no long arithmetic. */
function magnitude(digits: string, radix: 8 | 10 | 16): bigint | undefined {
  const significant = digits.replace(/^0+/, '');
  if (significant.length > 22) return undefined;
  const prefix = radix === 16 ? '0x' : radix === 8 ? '0o' : '';
  const value = significant === '' ? 0n : BigInt(prefix + significant);
  return value < U64 ? value : undefined;
}

/** Few digits and nothing else, which is what nearly all numbers are: read without BigInt. */
const PLAIN = { 0: /^(?:0|[1-9][0-9]{0,14})$/, 10: /^[0-9]{1,15}$/, 16: /^[0-9a-f]{1,12}$/i } as const;

/**
 * iproute2 lib/utils.c: get_u32(), get_u16(), get_u8() — the whole text, at most `max`. The short way round strtoul() takes
 * 1 MiB of a flow filter's `d 5` from 97 ms to 59.
 */
export function getUnsigned(text: string, max: number, base: 0 | 10 | 16 = 0): number | undefined {
  if (PLAIN[base].test(text)) {
    const number = Number.parseInt(text, base === 16 ? 16 : 10);
    return number <= max ? number : undefined;
  }
  const { value, rest } = strtoul(text, base);
  return value === undefined || rest !== '' || value > BigInt(max) ? undefined : Number(value);
}

export function getU32(text: string, base: 0 | 10 | 16 = 0): number | undefined {
  return getUnsigned(text, 0xffffffff, base);
}

/** iproute2 lib/utils.c: get_u64() */
export function getU64(text: string, base: 0 | 10 | 16 = 0): bigint | undefined {
  const { value, rest } = strtoul(text, base);
  return rest === '' ? value : undefined;
}

export function getU16(text: string, base: 0 | 10 | 16 = 0): number | undefined {
  return getUnsigned(text, 0xffff, base);
}

export function getU8(text: string, base: 0 | 10 | 16 = 0): number | undefined {
  return getUnsigned(text, 0xff, base);
}

/** iproute2 lib/utils.c: get_s32(), get_integer() — strtol() in the range of an int. */
export function getS32(text: string, base: 0 | 10 | 16 = 0): number | undefined {
  const { value, rest } = strtoul(text, base);
  if (value === undefined || rest !== '') return undefined;
  const negative = text.trimStart().startsWith('-');
  const magnitude = negative ? (U64 - value) % U64 : value;
  if (magnitude > (negative ? 0x80000000n : 0x7fffffffn)) return undefined;
  return negative ? -Number(magnitude) : Number(magnitude);
}

/** What strtoul(…, 16) leaves in a __u32: the low 32 bits, all ones where the number was too large, 0 without digits. */
function hex32(text: string): { value: number; rest: string } {
  const { value, rest } = strtoul(text, 16);
  if (value !== undefined) return { value: Number(BigInt.asUintN(32, value)), rest };
  return { value: rest === text ? 0 : 0xffffffff, rest };
}

/**
 * iproute2 tc/tc_util.c: get_tc_classid() — `root`, `none`, `major:minor` (hex, either may be missing), or the whole
 * number in hex without a colon. Unsigned.
 */
export function getClassid(text: string): number | undefined {
  if (text === 'root') return 0xffffffff;
  if (text === 'none') return 0;
  const { value: major, rest } = hex32(text);
  if (rest === text && !text.startsWith(':')) return undefined;
  if (rest === '') return major;
  if (!rest.startsWith(':')) return undefined;
  const minor = hex32(rest.slice(1));
  return major > 0xffff || minor.rest !== '' || minor.value > 0xffff ? undefined : major * 0x10000 + minor.value;
}

/** iproute2 tc/tc_util.c: get_qdisc_handle() — `major:` in hex; what follows the colon is not looked at. */
export function getQdiscHandle(text: string): number | undefined {
  if (text === 'none') return 0;
  const { value: major, rest } = hex32(text);
  if (rest === text || major > 0xffff) return undefined;
  return rest === '' || rest.startsWith(':') ? major * 0x10000 : undefined;
}

/** C's strtod(): decimal, hexadecimal, infinite or no number; undefined: the text begins with none of them. */
export function strtod(text: string): { value: number; rest: string } | undefined {
  const named = /^\s*([+-]?)(inf(?:inity)?|nan(?:\(\w*\))?)/i.exec(text);
  if (named !== null) {
    const [all, sign, name = ''] = named;
    const value = /^nan/i.test(name) ? Number.NaN : sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    return { value, rest: text.slice(all.length) };
  }
  const hex = /^\s*([+-]?)0x([0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p([+-]?\d+))?/i.exec(text);
  if (hex !== null) {
    const [all, sign, digits = '', exponent = '0'] = hex;
    const [whole = '', fraction = ''] = digits.split('.');
    const value = Number(`0x${whole}${fraction}`) * 2 ** (Number(exponent) - 4 * fraction.length);
    return { value: sign === '-' ? -value : value, rest: text.slice(all.length) };
  }
  const decimal = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i.exec(text)?.[0];
  return decimal === undefined ? undefined : { value: Number(decimal), rest: text.slice(decimal.length) };
}

/** A number with one of these suffixes (any case); without one the number itself. */
function scaled(text: string, scales: Readonly<Record<string, number>>): number | undefined {
  const number = strtod(text);
  if (number === undefined) return undefined;
  if (number.rest === '') return number.value;
  const scale = Object.hasOwn(scales, number.rest.toLowerCase()) ? scales[number.rest.toLowerCase()] : undefined;
  return scale === undefined ? undefined : number.value * scale;
}

/** (unsigned)x as x86-64 does it: cut to 64 bits, then to 32. */
function toU32(x: number): number {
  return Math.abs(x) < 2 ** 63 ? Number(BigInt.asUintN(32, BigInt(Math.trunc(x)))) : 0;
}

/** (__u64)x as x86-64 does it: cut; what does not fit is 0 above, and 2^63 below or where it is no number. */
function toU64(x: number): bigint {
  if (x >= 2 ** 64) return 0n;
  return x > -(2 ** 63) ? BigInt.asUintN(64, BigInt(Math.trunc(x))) : 1n << 63n;
}

const RATES: Readonly<Record<string, number>> = Object.fromEntries(
  ['', 'k', 'm', 'g', 't'].flatMap((prefix, power) => [
    [`${prefix}bit`, 1000 ** power],
    [`${prefix}bps`, 8 * 1000 ** power],
    ...(power > 0 ? [[`${prefix}ibit`, 1024 ** power] as const, [`${prefix}ibps`, 8 * 1024 ** power] as const] : []),
  ]),
);

/**
 * iproute2 lib/utils_math.c: get_rate64() — bytes a second; a bare number is bits a second. Cut to a whole number;
 * one below 0 becomes a large one (quirk 75).
 */
export function getRate64(text: string): bigint | undefined {
  const bits = scaled(text, RATES);
  return bits === undefined ? undefined : toU64(bits / 8);
}

/** iproute2 lib/utils_math.c: get_rate() — the same, refused below 0 and above 2^32 - 1 bytes a second. */
export function getRate(text: string): number | undefined {
  return wholeU32((scaled(text, RATES) ?? Number.NaN) / 8);
}

/** A number cut to a whole one; undefined: it is below 0, above 2^32 - 1 or none. */
function wholeU32(x: number): number | undefined {
  return x >= 0 && x < 2 ** 32 ? Math.trunc(x) : undefined;
}

const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  kb: 1024,
  kbit: 1024 / 8,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  mbit: 1024 ** 2 / 8,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  gbit: 1024 ** 3 / 8,
};

/** iproute2 lib/utils_math.c: get_size() — bytes, at most 2^32 - 1; cut to a whole number. */
export function getSize(text: string): number | undefined {
  return wholeU32(scaled(text, SIZES) ?? Number.NaN);
}

const NANOSECONDS: Readonly<Record<string, number>> = { ns: 1, nsec: 1, nsecs: 1 };
const MICROSECONDS: Readonly<Record<string, number>> = {
  s: 1e6,
  sec: 1e6,
  secs: 1e6,
  ms: 1e3,
  msec: 1e3,
  msecs: 1e3,
  us: 1,
  usec: 1,
  usecs: 1,
};

/** iproute2 lib/utils.c: get_time() — microseconds (a bare number is that), modulo 2^32. */
export function getTime(text: string): number | undefined {
  const time = scaled(text, MICROSECONDS);
  return time === undefined ? undefined : toU32(time);
}

/** iproute2 lib/utils.c: get_time64() — nanoseconds (a bare number is that). */
export function getTime64(text: string): number | undefined {
  const scales = Object.fromEntries(Object.entries(MICROSECONDS).map(([unit, scale]) => [unit, scale * 1000]));
  const time = scaled(text, { ...scales, ...NANOSECONDS });
  return time === undefined ? undefined : Math.trunc(time);
}

/** What may stand behind a number: the units of rates, sizes and times. */
export const UNITS: ReadonlySet<string> = new Set([RATES, SIZES, MICROSECONDS, NANOSECONDS].flatMap(Object.keys));

/** A u32 as "%08x" prints it. */
export function hex8(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/** A u32 as "%#x" prints it: 0 has no prefix. */
export function hexText(value: number): string {
  return value === 0 ? '0' : `0x${(value >>> 0).toString(16)}`;
}

/** iproute2 lib/json_print.c: print_color_rate() — bytes a second as bits with decimal units, or binary ones (tc -iec). */
export function rateText(rate: number | bigint, iec = false): string {
  const kilo = iec ? 1024n : 1000n;
  let bits = (BigInt(rate) << 3n) & (U64 - 1n);
  let unit = 0;
  while (unit < 4 && bits >= kilo && (bits % kilo === 0n || bits >= 1000n * kilo)) {
    bits /= kilo;
    unit++;
  }
  return `${Number(bits)}${['', 'K', 'M', 'G', 'T'][unit] ?? ''}${iec && unit > 0 ? 'i' : ''}bit`;
}

/** iproute2 lib/json_print_math.c: sprint_size() */
export function sizeText(size: number): string {
  const mega = Math.round(size / 1048576);
  const kilo = roundEven(size / 1024);
  if (size >= 1048576 && Math.abs(1048576 * mega - size) < 1024) return `${general(mega, 6)}Mb`;
  if (size >= 1024 && Math.abs(1024 * kilo - size) < 16) return `${general(kilo, 6)}Kb`;
  return `${size}b`;
}

/** iproute2 lib/utils.c: sprint_time() — microseconds. */
export function timeText(time: number): string {
  if (time >= 1e6) return `${general(time / 1e6, 3)}s`;
  return time >= 1000 ? `${general(time / 1000, 3)}ms` : `${time}us`;
}

/** iproute2 lib/utils.c: sprint_time64() — nanoseconds. */
export function time64Text(time: number): string {
  if (time >= 1e9) return `${general(time / 1e9, 3)}s`;
  if (time >= 1e6) return `${general(time / 1e6, 3)}ms`;
  return time >= 1000 ? `${general(time / 1000, 3)}us` : `${time}ns`;
}

/** rint(): halves go to the even neighbour. */
function roundEven(x: number): number {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor % 2) : Math.round(x);
}

/** C's "%.Ng" for x ≥ 1: N significant digits without trailing zeros, halves to even, an exponent above N digits. */
function general(x: number, digits: number): string {
  // 60 decimals tell the double exactly: none here has more.
  const [mantissa = '', exponent] = x.toExponential(60).split('e');
  const [all, tail] = [mantissa.replace('.', ''), mantissa.slice(digits + 1)];
  const head = Number(all.slice(0, digits));
  const up = /^50*$/.test(tail) ? head % 2 === 1 : tail >= '5';
  const rounded = up ? head + 1 : head;
  const power = Number(exponent) + (rounded === 10 ** digits ? 1 : 0);
  if (power < digits) return String(Number(`${rounded}e${Number(exponent) - digits + 1}`));
  return `${Number(`${rounded}e${Number(exponent) - digits + 1 - power}`)}e+${String(power).padStart(2, '0')}`;
}
