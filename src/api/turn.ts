/** As far as Node and browsers have it; the core is compiled without their types, and the language alone has no such thing. */
interface Timers {
  readonly setTimeout?: (done: () => void, ms: number) => unknown;
}

/** Lets others have a turn, a timer or a click that cancels: a promise alone lets nobody in. */
export function turn(): Promise<void> {
  return new Promise((done) => {
    const { setTimeout } = globalThis as Timers;
    if (setTimeout === undefined) done();
    else setTimeout(done, 0);
  });
}
