import { type RecoverAddress, recoverAddress } from '#shared/host/recover.ts';

/** What the engine's host asks and tells; who answers changes between the restart's replay and live trading. */
export class EngineHooks {
  recover: RecoverAddress = recoverAddress;
  event: (kind: number, address: number, view: DataView) => void = () => {};

  /** To be given to the engine's host. */
  readonly onEvent = (kind: number, address: number, view: DataView) =>
    this.event(kind, address, view);
  readonly onRecover: RecoverAddress = (digest, signature) => this.recover(digest, signature);
}
