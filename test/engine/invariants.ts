/** The invariants' auditor, which the watcher runs over its replay as well. */
export { Auditor } from '#shared/replay/audit.ts';
