import { RowBuilder } from '../journal/entry.ts';
import type { CommitGroup } from '../journal/store.ts';
import { type Answer, PendingGroup } from './group.ts';

export interface NextNumbers {
  readonly sequence: number;
  readonly segment: number;
}

/** What ran, on its way to being durable: one group that gathers, and those handed to the journal, oldest first. */
export class Commits {
  /** What runs now is added here. */
  pending: PendingGroup;
  readonly #row = new RowBuilder();
  /** The next commit starts before the answers of the last are given, so there may be two. */
  readonly #committing: PendingGroup[] = [];
  #nextRow: number;

  constructor(nextRow: number, next: NextNumbers) {
    this.#nextRow = nextRow;
    this.pending = new PendingGroup(this.#row, next.sequence, next.segment);
  }

  /** Hands the pending group over and begins another with these numbers; null if there is nothing in it. */
  gather(next: NextNumbers): CommitGroup | null {
    if (this.pending.empty) return null;
    const commit = this.pending.commitGroup(this.#nextRow++);
    this.#committing.push(this.pending);
    this.pending = new PendingGroup(this.#row, next.sequence, next.segment);
    return commit;
  }

  /** The oldest group handed over: it is durable now. */
  shift(): PendingGroup | undefined {
    return this.#committing.shift();
  }

  /** Answers when all that ran before is durable, which may be at once. */
  answerAfterAll(answer: Answer): void {
    const group = this.pending.empty ? this.#committing.at(-1) : this.pending;
    if (group) group.answers.push(answer);
    else answer.resolve(answer.outcome);
  }

  rejectAll(error: Error): void {
    for (const group of [...this.#committing, this.pending]) {
      for (const answer of group.answers) answer.reject(error);
    }
  }
}
