import type { BatchHeader, SegmentContent } from '#shared/protocol/batch.ts';
import type { FindingCode } from '#shared/replay/types.ts';
import type { Patch } from './engine.ts';
import type { Stage } from './stage.ts';

/** What an operator has to post before it bends it: the truth, as far as its own engine knows it. */
export interface Draft {
  readonly segments: readonly SegmentContent[];
  readonly header: BatchHeader;
  /** The segment in which the scene of the lie is. */
  readonly told: number;
}

/** What is posted: any data, and a header whose final root is made to fit it, as the contract demands. */
export interface Posting {
  readonly header: BatchHeader;
  readonly data: Uint8Array;
}

/** One way to cheat, with the scene that brings it about and what an honest watcher must say of it. */
export interface Lie {
  readonly name: string;
  /** What the operator does, in one sentence. */
  readonly description: string;
  /** The line of the engine's sources that the operator has changed; absent where only the posting lies. */
  readonly patch?: Patch;
  /** The operator's host does not undo a trap. */
  readonly keepsTraps?: true;
  /** Honest commands of the same batch, before the segment in which the lie is told. */
  readonly prepare?: (stage: Stage) => Promise<void> | void;
  /** The commands that bring it about, in one segment. Returns what the one that matters answered. */
  readonly tell: (stage: Stage) => Promise<number> | number;
  /** What that command answers in everybody's engine and in the operator's. */
  readonly answers: { readonly honest: number; readonly lying: number };
  /** Bends what is posted; absent where it is the engine that lies. */
  readonly post?: (draft: Draft, stage: Stage) => Promise<Posting> | Posting;
  /** What a watcher must find, and where: the told segment, the draft's last, one behind it, or the header. */
  readonly finding: FindingCode;
  readonly where: 'told' | 'last' | 'appended' | 'header';
  /** What its words must contain. */
  readonly words: readonly RegExp[];
}
