/**
 * Resolves with the reason when somebody asks this process to end: Ctrl-C (also in a terminal that closes), `kill`, or the
 * time given. A second Ctrl-C does not wait for an orderly end: it ends the process, and its children with it.
 */
export function untilAskedToEnd(afterSeconds: number | undefined): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (reason: string) => (): void => {
      if (asked) process.exit(130);
      asked = true;
      resolve(reason);
    };
    process.on('SIGINT', ask('Ctrl-C'));
    process.on('SIGTERM', ask('SIGTERM'));
    process.on('SIGHUP', ask('the terminal closed'));
    if (afterSeconds === undefined) return;
    const timer = setTimeout(() => {
      asked = true;
      resolve(`${afterSeconds} seconds are over`);
    }, afterSeconds * 1000);
    timer.unref();
  });
}
