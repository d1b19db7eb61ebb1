import { ackMessage, doneMessage, joinMessages, type Message, NLM_F, splitMessages } from '../netlink/index.ts';
import type { Transport } from './process.ts';

/** A kernel that says yes to everything and keeps the requests: what bytes would tc send? */
export class Listener implements Transport {
  readonly requests: Message[] = [];
  readonly links = {
    index: (name: string): number => this.indexOf(name),
    name: (index: number): string | null => this.names[index - 1] ?? null,
  };
  /** Devices by number, from 1: lo, then as they are named. */
  readonly names: string[] = ['lo'];

  request(datagram: Uint8Array): Uint8Array[] {
    const replies: Message[] = [];
    for (const message of splitMessages(datagram)) {
      this.requests.push(message);
      const list = (message.flags & NLM_F.DUMP) !== 0 && (message.flags & NLM_F.ACK) === 0;
      replies.push(list ? doneMessage(message) : ackMessage(message, 0));
    }
    return [joinMessages(replies)];
  }

  private indexOf(name: string): number {
    if (!this.names.includes(name)) this.names.push(name);
    return this.names.indexOf(name) + 1;
  }
}
