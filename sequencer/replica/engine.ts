/** The part of the engine's host (`shared/host/engine.ts`) that the sequencer drives. */
export interface HostEngine {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  segmentStart(): void;
  execute(command: Uint8Array): number;
  /** Counts the next inbox message as consumed; false if this segment has no room for it. */
  advance(): boolean;
  executeInbox(message: Uint8Array): number;
  /** EIP-712 digest of a signed command, null if it has none now. Leaves no trace. */
  digest(command: Uint8Array): Uint8Array | null;
  /** Asks what margin something would need; leaves no trace. */
  assess(request: Uint8Array): { readonly code: number; readonly answer: Uint8Array };
  /** Takes back what the last entry call did. */
  undo(): void;
}
