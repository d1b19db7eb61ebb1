import { createRequire } from 'node:module';
import { strerror } from '../src/errors.ts';
import { LiveError, LiveKernel, type NetlinkSocket } from './kernel.ts';

/** The two functions of koffi that are needed; declared here because it may not be installed. */
interface Koffi {
  load(path: null): { func(prototype: string): (...args: readonly unknown[]) => number };
  errno(): number;
}

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const SOL_NETLINK = 270;
const NETLINK_EXT_ACK = 11;
const MSG_PEEK_TRUNC = 0x02 | 0x20;
/** struct sockaddr_nl: the family, port and groups 0. */
const ADDRESS = Uint8Array.of(AF_NETLINK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

/** As tc: room for long lists, and how much of a list the kernel puts into one datagram. */
const RECEIVE_BUFFER = 1 << 20;
const DATAGRAM = 32 << 10;
const PATIENCE_SECONDS = 5;

const EINTR = 4;
const EAGAIN = 11;
const ENOBUFS = 105;

/** The running kernel, in the network namespace of this process. Throws LiveError where that is not possible. */
export function openKernel(): LiveKernel {
  return new LiveKernel(openSocket(loadKoffi()));
}

function loadKoffi(): Koffi {
  if (process.platform !== 'linux') {
    throw new LiveError(`there is no traffic control to talk to on ${process.platform}: --live needs Linux`);
  }
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const why = absent ? 'is not installed' : 'cannot be loaded';
    throw new LiveError(`--live needs the optional package koffi, which ${why}: npm install koffi@3`);
  }
}

function openSocket(koffi: Koffi): NetlinkSocket {
  const c = koffi.load(null);
  const socket = c.func('int socket(int domain, int type, int protocol)');
  const bind = c.func('int bind(int fd, const void *address, uint32_t length)');
  const setsockopt = c.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)');
  const send = c.func('long send(int fd, const void *data, size_t length, int flags)');
  const recv = c.func('long recv(int fd, void *data, size_t length, int flags)');
  const close = c.func('int close(int fd)');

  const failed = (what: string): LiveError => new LiveError(`netlink: ${what}: ${strerror(koffi.errno())}`);
  const fd = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) throw failed('socket');
  const set = (what: string, level: number, name: number, value: Uint8Array): void => {
    if (setsockopt(fd, level, name, value, value.length) < 0) throw failed(what);
  };
  set('receive buffer', SOL_SOCKET, SO_RCVBUF, word(RECEIVE_BUFFER));
  set('time limit', SOL_SOCKET, SO_RCVTIMEO, timeval(PATIENCE_SECONDS));
  set('extended acknowledgements', SOL_NETLINK, NETLINK_EXT_ACK, word(1));
  if (bind(fd, ADDRESS, ADDRESS.length) < 0) throw failed('bind');

  let buffer = new Uint8Array(DATAGRAM);
  /** The length of the next datagram, or -1 after ENOBUFS. */
  const read = (flags: number): number => {
    for (;;) {
      const length = recv(fd, buffer, buffer.length, flags);
      if (length >= 0) return length;
      const errno = koffi.errno();
      if (errno === ENOBUFS) return -1;
      if (errno === EAGAIN) throw new LiveError(`the kernel did not answer in ${PATIENCE_SECONDS} s`);
      if (errno !== EINTR) throw failed('receive');
    }
  };
  return {
    send(datagram) {
      if (send(fd, datagram, datagram.length, 0) !== datagram.length) throw failed('send');
    },
    receive() {
      const length = read(MSG_PEEK_TRUNC);
      if (length < 0) return null;
      if (length > buffer.length) buffer = new Uint8Array(length);
      const got = read(0);
      return got < 0 ? null : buffer.slice(0, got);
    },
    close: () => void close(fd),
  };
}

function word(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

/** struct timeval: two longs. */
function timeval(seconds: number): Uint8Array {
  const longs = process.arch === 'arm' || process.arch === 'ia32' ? Uint32Array : BigUint64Array;
  return new Uint8Array(
    longs === Uint32Array ? Uint32Array.of(seconds, 0).buffer : BigUint64Array.of(BigInt(seconds), 0n).buffer,
  );
}
