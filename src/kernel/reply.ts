import { Errno, KernelError } from '../errors.ts';
import {
  ackMessage,
  doneMessage,
  type Extack,
  joinMessages,
  type Message,
  NLM_F,
  NLMSG_HDRLEN,
} from '../netlink/index.ts';
import type { Class, Qdisc } from './device.ts';
import type { KernelProto } from './proto.ts';
import { PolicyError } from './validate.ts';

/**
 * Room of one datagram of a dump: SKB_WITH_OVERHEAD(32768). The kernel makes it as large as the largest buffer the
 * requester ever offered, and tc offers 32 KiB (it has always listed the links before).
 */
const DUMP_SPACE = 32768 - 320;

/** One message of a dump or notification: type and payload. */
export interface Reply {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** What a request made or changed, for whoever must know where an object comes from. */
export type Made =
  | { readonly qdisc: Qdisc }
  | { readonly class: Class }
  | { readonly proto: KernelProto; readonly handle: number };

/** One request while it is being handled: what the kernel would say of it besides its errno, and what it sends. */
export class Call {
  readonly message: Message;
  /** The requester's netlink port: the `nlmsg_pid` of all answers. */
  readonly port: number;
  /** NL_SET_ERR_MSG() without an error: told if nothing else is. The last one stays. */
  warning = '';
  readonly sent: Message[] = [];
  /** What it made or changed; null: nothing. */
  made: Made | null = null;

  constructor(message: Message, port: number) {
    this.message = message;
    this.port = port;
  }

  has(flag: number): boolean {
    return (this.message.flags & flag) === flag;
  }

  /** rtnl_unicast() — an answer that the requester always gets, with the flags of its request. */
  answer({ type, payload }: Reply, flags = this.message.flags): void {
    this.sent.push({ type, flags, seq: this.message.seq, pid: this.port, payload });
  }

  /** rtnetlink_send() — a notification; its own reaches the requester only if it asked with NLM_F_ECHO, and is made only then. */
  notify(reply: () => Reply, flags = this.message.flags): void {
    if (this.has(NLM_F.ECHO)) this.answer(reply(), flags);
  }

  /** net/netlink/af_netlink.c: netlink_ack() */
  ack(error: KernelError | null): Message {
    return { ...ackMessage(this.message, error?.errno ?? 0, this.extack(error)), pid: this.port };
  }

  /** What an acknowledgement says in words. An error without words of its own shows the last warning (quirk 42). */
  extack(error: KernelError | null): Extack {
    if (error instanceof PolicyError) return error.details;
    const message = error?.extack || this.warning;
    return message === '' ? {} : { message };
  }

  /**
   * net/netlink/af_netlink.c: netlink_dump() — datagrams as full as they get, then NLMSG_DONE in one of its own. An
   * error in the middle ends the dump after what is there (quirk 43).
   */
  dump(replies: Iterable<Reply>, refused?: (error: KernelError) => void): Uint8Array[] {
    const datagrams: Uint8Array[] = [];
    let batch: Message[] = [];
    let size = 0;
    let error: KernelError | null = null;
    const flush = (): void => {
      if (batch.length > 0) datagrams.push(joinMessages(batch));
      batch = [];
      size = 0;
    };
    try {
      for (const { type, payload } of replies) {
        const length = (NLMSG_HDRLEN + payload.length + 3) & ~3;
        if (size + length > DUMP_SPACE) flush();
        if (length > DUMP_SPACE) throw new KernelError(Errno.EMSGSIZE);
        batch.push({ type, flags: NLM_F.MULTI, seq: this.message.seq, pid: this.port, payload });
        size += length;
      }
    } catch (thrown) {
      if (!(thrown instanceof KernelError)) throw thrown;
      error = thrown;
      refused?.(error);
    }
    flush();
    // netlink_dump_done() tells the message alone, not where in the request it is about.
    const { message } = this.extack(error);
    const done = doneMessage(this.message, error?.errno ?? 0, message === undefined ? {} : { message });
    datagrams.push(joinMessages([{ ...done, pid: this.port }]));
    return datagrams;
  }
}
