import { describe, expect, test } from 'vitest';
import { bootModules, cpio, DIRECTORY, initScript, PROGRAM } from './initramfs.ts';

describe('the initramfs', () => {
  test('an archive has, for each file, a header of 110 bytes, the name and the content, both ending on a multiple of four', () => {
    const archive = cpio([
      { path: 'bin', mode: DIRECTORY, content: new Uint8Array(0) },
      { path: 'bin/ok', mode: PROGRAM, content: Buffer.from('12345') },
    ]);
    const text = archive.toString('latin1');
    expect(text.slice(0, 6)).toBe('070701');
    expect(text.slice(14, 22)).toBe('000041ed');
    expect(text.slice(110, 114)).toBe('bin\0');
    const second = text.indexOf('070701', 1);
    expect(second).toBe(116);
    expect(text.slice(second + 14, second + 22)).toBe('000081ed');
    expect(text.slice(second + 54, second + 62)).toBe('00000005');
    expect(text.slice(second + 120, second + 125)).toBe('12345');
    const end = text.indexOf('070701', second + 1);
    expect(end).toBe(second + 128);
    expect(text.slice(end + 110, end + 121)).toBe('TRAILER!!!\0');
    expect(archive.length % 4).toBe(0);
  });

  test('modules stand behind those they need, each once, and what is not a module is left out', () => {
    const dep = [
      'kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko kernel/fs/netfs/netfs.ko',
      'kernel/net/9p/9pnet.ko:',
      'kernel/net/9p/9pnet_virtio.ko.xz: kernel/net/9p/9pnet.ko kernel/drivers/virtio/virtio.ko',
      'kernel/drivers/virtio/virtio.ko:',
      'kernel/fs/netfs/netfs.ko:',
    ].join('\n');
    expect(bootModules(dep, ['9pnet_virtio', 'built_in', '9p'])).toEqual([
      'kernel/drivers/virtio/virtio.ko',
      'kernel/net/9p/9pnet.ko',
      'kernel/net/9p/9pnet_virtio.ko.xz',
      'kernel/fs/netfs/netfs.ko',
      'kernel/fs/9p/9p.ko',
    ]);
  });

  test('the host is mounted read-only, behind its modules', () => {
    const script = initScript(['/mods/9p.ko']);
    expect(script.indexOf('insmod /mods/9p.ko')).toBeGreaterThan(0);
    expect(script.indexOf('cache=loose,ro host /host')).toBeGreaterThan(script.indexOf('insmod'));
  });
});
