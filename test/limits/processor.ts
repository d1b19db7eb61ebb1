/** The milliseconds of processor time that `work` takes: the least of three runs, as others may be at work here. */
export function processorMs(work: () => void): number {
  const runs = [1, 2, 3].map(() => {
    const began = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  });
  return Math.min(...runs);
}
