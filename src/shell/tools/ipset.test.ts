import { expect, test } from 'vitest';
import { host } from '../../../test/shell/call.ts';

// Messages: ipset v7.17.

test('sets', () => {
  const run = host();
  expect(run('ipset list one -n')).toMatchObject({
    stderr: 'ipset v7.17: The set with the given name does not exist\n',
    exit: 1,
  });
  expect(run('ipset create one hash:ip')).toEqual({});
  expect(run('ipset -N one hash:ip')).toMatchObject({
    stderr: 'ipset v7.17: Set cannot be created: set with the same name already exists\n',
    exit: 1,
  });
  expect(run('ipset -exist create one hash:ip')).toEqual({});
  expect(run('ipset list -n').stdout).toBe('one\n');
  run('ipset destroy one');
  expect(run('ipset add one 192.0.2.1').exit).toBe(1);
});

test('members', () => {
  const run = host();
  run('ipset restore', { stdin: 'create one hash:ip\nadd one 192.0.2.1\n' });
  expect(run('ipset test one 192.0.2.1')).toEqual({ stderr: '192.0.2.1 is in set one.\n' });
  expect(run('ipset test one 192.0.2.2')).toMatchObject({ stderr: '192.0.2.2 is NOT in set one.\n', exit: 1 });
  expect(run('ipset add one 192.0.2.1').exit).toBe(1);
  expect(run('ipset -! add one 192.0.2.1')).toEqual({});
  run('ipset create two hash:ip');
  run('ipset swap one two');
  expect(run('ipset test two 192.0.2.1').exit).toBeUndefined();
  expect(run('ipset save two').stdout).toBe('create two hash:ip\nadd two 192.0.2.1\n');
  expect(run('ipset del two 192.0.2.9').exit).toBe(1);
});
