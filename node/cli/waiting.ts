import { fstatSync, statSync } from 'node:fs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Reads what may keep us waiting: a pipe that nobody writes into. So long, a signal ends the process by itself, as whoever
 * listens to it would wait too. A regular file keeps nobody waiting.
 */
export function waiting<T>(file: string | number, read: () => T): T {
  if ((typeof file === 'number' ? fstatSync(file) : statSync(file)).isFile()) return read();
  const listening = SIGNALS.map((signal) => ({ signal, listeners: process.rawListeners(signal) }));
  for (const { signal } of listening) process.removeAllListeners(signal);
  try {
    return read();
  } finally {
    for (const { signal, listeners } of listening) {
      for (const listener of listeners) process.on(signal, listener as NodeJS.SignalsListener);
    }
  }
}
