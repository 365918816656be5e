/** A world that feeds its engine as the sequencer does, segment by segment, and tells what a journal would hold. */

import { Segmenter } from '#sequencer/matching/segmenter.ts';
import { SEGMENT_FULL } from '#shared/engine/codes.ts';
import { RESULT } from '#shared/engine/layout.ts';
import { deriveModule, Engine, type RecoverAddress } from '#shared/host/engine.ts';
import { recoverAddress } from '#shared/host/recover.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import type { SystemCommand } from '#shared/protocol/command-types.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { World, type WorldOptions, wallet } from '#test/engine/world.ts';
import { BenchError } from './errors.ts';
import { appendId, type Encoded, SIGNATURE_BYTES, SLOT_WORDS, type Workload } from './workload.ts';

/** Who owns every account of the workload's world. */
export const OWNER = wallet(1);
const CONSUME_BYTES = 1;
/** The most bytes an order id takes. */
const ID_BYTES = 10;

export interface Recording {
  /** A command or inbox message that ran; rejected commands are undone and not told. */
  readonly onEntry?: (entry: { inbox: boolean; code: number; bytes: Uint8Array }) => void;
  /** A command was rejected and undone. */
  readonly onUndone?: () => void;
  /** A segment ended. */
  readonly onClose?: (segment: number) => void;
  /** The engine asked who signed. */
  readonly onRecover?: (digest: Uint8Array, address: Uint8Array | null) => void;
}

/** r = s = 1: in range, and nobody's. Stands where a real signature would cost time and show nothing. */
const PLACEHOLDER = new Uint8Array(SIGNATURE_BYTES);
PLACEHOLDER[31] = 1;
PLACEHOLDER[63] = 1;

/** Takes the placeholder as the owner's signature, and recovers any other. */
export const recoverOwner: RecoverAddress = (digest, signature) =>
  Buffer.compare(signature, PLACEHOLDER) === 0 ? OWNER.address : recoverAddress(digest, signature);

export class RecordedWorld extends World {
  override readonly engine: Engine;
  recording: Recording = {};
  recover: RecoverAddress = recoverOwner;
  readonly segmenter = new Segmenter(1);

  constructor(options: WorldOptions, derivation: { marks: boolean; undo: boolean }) {
    super({ ...options, derivation: null });
    this.engine = Engine.create({
      module: deriveModule(readEngine().wasm, derivation),
      onEvent: options.onEvent,
      recover: (digest, signature) => {
        const address = this.recover(digest, signature);
        this.recording.onRecover?.(digest, address);
        return address;
      },
    });
  }

  override run(command: SystemCommand | Uint8Array): number {
    const bytes = command instanceof Uint8Array ? command : encodeCommand(command);
    if (!this.segmenter.fits(bytes.length)) this.close();
    let code = this.#execute(bytes);
    if (code === SEGMENT_FULL && this.segmenter.commands > 0) {
      this.#undo();
      this.close();
      code = this.#execute(bytes);
    }
    if (code !== 0) {
      this.#undo();
      return code;
    }
    this.recording.onEntry?.({ inbox: false, code, bytes });
    this.segmenter.add(bytes.length);
    return code;
  }

  override message(bytes: Uint8Array): number {
    if (!this.segmenter.fits(CONSUME_BYTES)) this.close();
    this.#startSegment();
    if (!this.engine.advance()) {
      this.close();
      this.#startSegment();
      if (!this.engine.advance()) throw new Error('an empty segment has no room for a message');
    }
    const code = this.engine.executeInbox(bytes);
    this.recording.onEntry?.({ inbox: true, code, bytes });
    this.segmenter.add(CONSUME_BYTES);
    return code;
  }

  /** Ends the open segment. */
  close(): void {
    this.recording.onClose?.(this.segmenter.number);
    this.segmenter.close();
  }

  #execute(bytes: Uint8Array): number {
    this.#startSegment();
    return this.engine.execute(bytes);
  }

  #undo() {
    this.engine.undo();
    this.recording.onUndone?.();
  }

  #startSegment() {
    if (this.segmenter.started) return;
    this.engine.segmentStart();
    this.segmenter.started = true;
  }
}

/** Feeds a workload's commands, one range after the other. */
export class FlowFeeder {
  readonly #world: RecordedWorld;
  readonly #workload: Workload;
  readonly #encoded: Encoded;
  readonly #bytes: Uint8Array;
  /** The engine's order id by the flow's. */
  readonly #engineIds: Float64Array;
  next = 0;

  constructor(world: RecordedWorld, workload: Workload, encoded: Encoded) {
    this.#world = world;
    this.#workload = workload;
    this.#encoded = encoded;
    this.#bytes = new Uint8Array(encoded.words.buffer);
    this.#engineIds = new Float64Array(workload.maxOrderId + 1);
  }

  /** Runs the next `count` commands; `sign` turns a digest into a signature; without it they get the placeholder. */
  feed(count: number, sign?: (digest: Uint8Array) => Uint8Array): void {
    const { engine } = this.#world;
    const end = Math.min(this.next + count, this.#workload.commands);
    for (; this.next < end; this.next++) {
      const id = this.#encoded.ids[this.next] as number;
      const command = this.#command(this.next, id);
      if (sign) {
        const digest = engine.digest(command);
        if (digest === null) throw new BenchError('WORKLOAD_REJECTED', 'A command has no digest.');
        command.set(sign(digest), command.length - SIGNATURE_BYTES);
      }
      const code = this.#world.run(command);
      if (code !== 0) {
        const text = `The engine rejected command ${this.next} of the flow with code ${code}.`;
        throw new BenchError('WORKLOAD_REJECTED', text);
      }
      this.#engineIds[id] = Number(engine.view.getBigUint64(RESULT, true));
    }
  }

  #command(index: number, id: number): Uint8Array {
    const start = index * SLOT_WORDS * 4;
    const length = this.#encoded.lengths[index] as number;
    const bytes = new Uint8Array(length + ID_BYTES + SIGNATURE_BYTES);
    bytes.set(this.#bytes.subarray(start, start + length));
    const isCancel = ((this.#workload.records[index * 6] as number) & 255) === 1;
    const end = length + (isCancel ? appendId(bytes, length, this.#engineIds[id] as number) : 0);
    bytes.set(PLACEHOLDER, end);
    return bytes.subarray(0, end + SIGNATURE_BYTES);
  }
}
