import { expect, test } from 'vitest';
import { cli } from './cli.ts';

test('diff needs a device, a script that can be read, and says so with 2', () => {
  expect(cli(['diff', 'plan.sh'])).toMatchObject({ status: 2, stderr: expect.stringContaining('--live') });
  expect(cli(['diff', 'nosuch.sh', '--live', 'lo'])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: 'cls-flow: nosuch.sh: no such file\n',
  });
});

test.each(['--state a.json', '--dev eth0', '--era 6.1', '--strict-dev'])('tc --live does not go with %s', (option) => {
  const answer = cli(['tc', '--live', ...option.split(' '), 'qdisc', 'show']);
  expect(answer).toMatchObject({ status: 2, stdout: '' });
  expect(answer.stderr).toContain(`--live and ${option.split(' ')[0]}`);
});
