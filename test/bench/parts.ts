/** Every part of the benchmark. Each runs in a process of its own, so that none warms up, slows down or takes along another. */
import type { Row } from './report.ts';

export interface PartContext {
  /** A workload file with its `.expected.json` beside it. */
  readonly workload: string;
  /** One line about what is being done. */
  readonly progress: (line: string) => void;
  /** An empty folder that is removed afterwards. */
  readonly folder: string;
}

export type Part = (context: PartContext) => Promise<Row[]>;

export interface PartEntry {
  readonly what: string;
  readonly load: () => Promise<{ run: Part }>;
  readonly limitMs: number;
}

const MINUTE_MS = 60_000;

export const PARTS: Readonly<Record<string, PartEntry>> = {
  matching: {
    what: 'the engine on the peers’ workload, alone and against npm’s nodejs-order-book',
    load: () => import('./matching/main.ts'),
    limitMs: 3 * MINUTE_MS,
  },
  margin: {
    what: 'the engine with portfolio margin against standard margin, an order of 64 positions, liquidations',
    load: () => import('./matching/margin.ts'),
    limitMs: 3 * MINUTE_MS,
  },
  pricing: {
    what: 'repricing of 400 options',
    load: () => import('./pricing/main.ts'),
    limitMs: MINUTE_MS,
  },
  segments: {
    what: 'state roots, replay, and bytes on L1, on real segments',
    load: () => import('./segments/main.ts'),
    limitMs: 3 * MINUTE_MS,
  },
  restart: {
    what: 'restart of 1,000,000 commands',
    load: () => import('./restart/main.ts'),
    limitMs: 4 * MINUTE_MS,
  },
  live: {
    what: 'signed orders through a real sequencer, and gas on a real L1',
    load: () => import('./live/main.ts'),
    limitMs: 4 * MINUTE_MS,
  },
  machine: {
    what: 'the machine off chain: steps a second, time to plan a proof',
    load: () => import('./machine/main.ts'),
    limitMs: 2 * MINUTE_MS,
  },
  disputes: {
    what: 'gas and transactions to prove segments on L1, time from a lie to its fall',
    load: () => import('./disputes/main.ts'),
    limitMs: 5 * MINUTE_MS,
  },
  gas: {
    what: 'gas of claims and exits, from the contracts’ own gas tests',
    load: () => import('./gas/main.ts'),
    limitMs: 3 * MINUTE_MS,
  },
};
