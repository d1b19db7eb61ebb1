import { areNotSimulated, type NotSimulated, type Printed, printAsReal } from '../../../test/shell/text.ts';

/** Arguments and input, and what bc 1.07 printed, with the exit code. */
const PRINTED: readonly Printed[] = [
  ['bc', [], '10/3\n', '3\n', 0],
  ['bc', [], 'scale=2; 10/3\n', '3.33\n', 0],
  ['bc', [], '-1/3\n', '0\n', 0],
  ['bc', [], 'scale=3; -1/3\n', '-.333\n', 0],
  ['bc', [], '100*0.9\n', '90.0\n', 0],
  ['bc', [], '1.5*2.25\n', '3.37\n', 0],
  ['bc', [], 'scale=1;1.55*2.33\n', '3.61\n', 0],
  ['bc', [], '2^10\n', '1024\n', 0],
  ['bc', [], 'scale=3;2^-1\n', '.500\n', 0],
  ['bc', [], '-2^2\n', '4\n', 0],
  ['bc', [], '2*(3+4)^2\n', '98\n', 0],
  ['bc', [], '-7%3\n', '-1\n', 0],
  ['bc', [], 'scale=2;7.5%2\n', '0\n', 0],
  ['bc', [], '5.00-5.00\n', '0\n', 0],
  ['bc', [], '0.50\n', '.50\n', 0],
  ['bc', [], '1<2;2<1\n', '1\n0\n', 0],
  ['bc', [], 'a=5\nb=a+1\nb*2\n', '12\n', 0],
  ['bc', [], 'a=3<5\n', '1\n', 0],
  ['bc', [], '(a=3)\n', '3\n', 0],
  ['bc', [], 'scale=5;sqrt(2)\n', '1.41421\n', 0],
  ['bc', [], 'obase=16;255\n', 'FF\n', 0],
  ['bc', [], 'obase=2;10\n', '1010\n', 0],
  ['bc', [], 'ibase=16;FF\n', '255\n', 0],
  ['bc', [], 'ibase=16;A\n', '10\n', 0],
  ['bc', [], '10^20/3\n', '33333333333333333333\n', 0],
  ['bc', [], 'scale=20;1/7\n', '.14285714285714285714\n', 0],
  ['bc', [], '# c\n1;/* d */ 2\n', '1\n2\n', 0],
  ['bc', [], '1.10+2.20\n', '3.30\n', 0],
  ['bc', ['-l'], '1/3\n', '.33333333333333333333\n', 0],
];

printAsReal(PRINTED);

/** What is wrong, or what is not the same everywhere. */
const UNSUPPORTED: readonly NotSimulated[] = [
  ['bc', [], '1/0\n'],
  ['bc', ['-l'], 's(1)\n'],
  ['bc', [], 'if(1) 2\n'],
  ['bc', [], '1+\n'],
  ['bc', [], '2^300\n'],
  ['bc', [], 'a++\n'],
  ['bc', [], '1+1'],
  ['bc', [], 'FF\n'],
];

areNotSimulated(UNSUPPORTED);
