/** Thrown by `Checks.must` when going on would make no sense. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

/**
 * The demo's record: every check is printed as it is made, failures are kept, and the last line counts both.
 */
export class Checks {
  #print: (line: string) => void;
  #elapsedMs: () => number;
  #passed = 0;
  #failures: string[] = [];

  constructor(options: { print: (line: string) => void; elapsedMs: () => number }) {
    this.#print = options.print;
    this.#elapsedMs = options.elapsedMs;
  }

  get failures(): readonly string[] {
    return this.#failures;
  }

  /** A heading with the seconds since the start. */
  step(title: string): void {
    const seconds = (this.#elapsedMs() / 1000).toFixed(0).padStart(3);
    this.#print(`\n[${seconds} s] ${title}`);
  }

  /** Something worth knowing that was not checked. */
  note(sentence: string): void {
    this.#print(`        ${sentence}`);
  }

  /** Records and prints one check; `detail` is shown when it failed. Returns whether it held. */
  check(sentence: string, holds: boolean, detail?: () => string): boolean {
    if (holds) {
      this.#passed += 1;
      this.#print(`  ok    ${sentence}`);
      return true;
    }
    const failure = detail === undefined ? sentence : `${sentence}: ${detail()}`;
    this.#failures.push(failure);
    this.#print(`  FAIL  ${failure}`);
    return false;
  }

  /** Like `check` for two values that must be equal; both are shown if they are not. */
  equal<T>(sentence: string, actual: T, expected: T): boolean {
    return this.check(
      sentence,
      Object.is(actual, expected),
      () => `got ${String(actual)} instead of ${String(expected)}`,
    );
  }

  /** Like `check`, but a failure ends the demo. */
  must(sentence: string, holds: boolean, detail?: () => string): void {
    if (!this.check(sentence, holds, detail)) throw new CheckFailed(sentence);
  }

  /** Records what ended the demo before its last step; a failed `must` is recorded already. */
  aborted(reason: string): void {
    this.#failures.push(reason);
    this.#print(`  FAIL  ${reason}`);
  }

  /** The last line. */
  summary(): string {
    return `demo: ${this.#passed} checks passed, ${this.#failures.length} failed`;
  }

  /** 0 only if something was checked and everything held. */
  exitCode(): number {
    return this.#passed > 0 && this.#failures.length === 0 ? 0 : 1;
  }
}
