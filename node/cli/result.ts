import { escapeRest } from '../../src/lang/index.ts';
import { PipeClosed, print } from './output.ts';

/** Characters collected before they are written: one system call for about a thousand records. */
const CHUNK = 64 << 10;

/**
 * Standard output: the result and nothing else. What was not flushed is never printed. If nobody reads it any more, the
 * command goes on, as its exit code and its files are wanted still; `isStream`: it ends with PipeClosed.
 */
export class Output {
  private text = '';
  private isClosed = false;
  private readonly isStream: boolean;

  constructor(isStream = false) {
    this.isStream = isStream;
  }

  write(text: string): void {
    this.text += text;
    if (this.text.length >= CHUNK) this.flush();
  }

  flush(): void {
    const { text } = this;
    this.text = '';
    if (this.isClosed) return;
    try {
      print(escapeRest(text));
    } catch (error) {
      if (!(error instanceof PipeClosed) || this.isStream) throw error;
      this.isClosed = true;
    }
  }
}
