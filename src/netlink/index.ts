/**
 * Netlink bytes. Two levels: messages (a datagram is split into them; damage is a FormatError with its offset) and
 * attributes (declared once as tables of codecs; what the kernel refuses is a KernelError with its errno). Reading
 * never looks outside the bytes given, and attributes that no table knows survive reading and writing.
 */
export * from './attr.ts';
export * from './message.ts';
export * from './stats.ts';
export * from './tc.ts';
