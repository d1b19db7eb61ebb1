import { expect, test } from 'vitest';
import { host, idleMachine } from '../../../test/shell/call.ts';
import { tcOptions } from './tc.ts';

test.each([
  ['-s -d qdisc show', { words: ['qdisc', 'show'], output: ['-s', '-d'], netns: null, batch: null, force: false }],
  ['-n red qdisc', { words: ['qdisc'], output: [], netns: 'red' }],
  ['-netns red -j class', { words: ['class'], output: ['-j'], netns: 'red' }],
  ['-force -batch -', { words: [], output: [], batch: '-', force: true }],
  ['-b FILE', { words: [], batch: 'FILE', force: false }],
  ['-x qdisc', { words: ['-x', 'qdisc'] }],
  ['qdisc -s show', { words: ['qdisc', '-s', 'show'], output: [] }],
])('tc %s', (line, expected) => {
  expect(tcOptions(line.split(' '))).toMatchObject(expected);
});

test('the emulated kernel of the namespace answers', () => {
  const tc = (words: readonly string[], netns: string) => ({ exit: 2, stdout: words.join(' '), stderr: netns });
  const run = host({ ...idleMachine(), answers: { tc } });
  expect(run('tc -s -n red qdisc show')).toEqual({ exit: 2, stdout: '-s qdisc show', stderr: 'red' });
  expect(run('tc qdisc', { netns: 'blue' })).toMatchObject({ stderr: 'blue' });
  expect(run('tc -V').stdout).toBe('tc utility, iproute2-6.1.0, libbpf 1.1.0\n');
});
