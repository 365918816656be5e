import { readFileSync } from 'node:fs';

/** Clock ticks a second that Linux counts processor time in, for every process that asks. */
const TICKS_PER_SECOND = 100;
/** Fields 14 and 15 of /proc/PID/stat, counted behind the command's closing parenthesis, which ends field 2. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** Milliseconds of processor time that a process has used, all its threads; null where there is no /proc. */
export function processorMs(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const used = Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME]);
    return (used * 1000) / TICKS_PER_SECOND;
  } catch {
    return null;
  }
}
