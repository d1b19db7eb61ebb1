/**
 * idr_alloc() from 1 on: the lowest number that is free. Whoever owns the numbers says which are taken, and when one is
 * free again; to look at all of them for each new one is slow.
 */
export class LowestFree {
  /** No lower number is free. */
  private next = 1;

  take(isTaken: (number: number) => boolean): number {
    while (isTaken(this.next)) this.next++;
    return this.next;
  }

  release(number: number): void {
    this.next = Math.max(1, Math.min(this.next, number));
  }
}
