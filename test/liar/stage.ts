import { createWalletClient, http, parseEther, parseEventLogs } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { settlementAbi } from '#contracts/abi/index.ts';
import type { ExchangeOptions, TestExchange } from '#prover/testing/exchange.ts';
import { createScene, type Scene, tradeOptions } from '#prover/testing/scene.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { type Action, encodeForcedAction, type SystemCommand } from '#shared/protocol/commands.ts';
import type { Wallet } from '#test/engine/world.ts';

/** Where lies are told: an exchange with prices, options, positions, and one honest batch on L1. */
export class Stage {
  readonly scene: Scene;

  private constructor(scene: Scene) {
    this.scene = scene;
  }

  static async build(options: ExchangeOptions): Promise<Stage> {
    const scene = await createScene(options);
    tradeOptions(scene);
    await scene.exchange.postHonest();
    return new Stage(scene);
  }

  get exchange(): TestExchange {
    return this.scene.exchange;
  }

  get world() {
    return this.scene.exchange.world;
  }

  get accounts() {
    return this.scene.accounts;
  }

  /** Seconds pass on L1 and in the engine; prices do not follow. */
  async pass(seconds: number): Promise<void> {
    await this.exchange.pass(seconds);
    await this.exchange.clockToL1();
  }

  /** Runs a command that everybody's engine accepts; throws if it does not. */
  honestly(command: SystemCommand | Uint8Array): void {
    this.world.expect(this.world.run(command));
  }

  /** Rests or trades an order that everybody's engine accepts. Returns its id. */
  order(account: number, side: 'buy' | 'sell', price: number, lots: number): bigint {
    this.world.expect(this.world.order(account, this.scene.call, side, price, lots));
    return this.world.result.orderId;
  }

  /** The owner sends a command through L1's inbox; nothing consumes it yet. */
  async force(owner: Wallet, account: number, action: Action): Promise<void> {
    const { exchange } = this;
    await exchange.giveEth(owner);
    const transport = http(exchange.anvil.url, { retryCount: 0 });
    const signer = privateKeyToAccount(bytesToHex(owner.key));
    const wallet = createWalletClient({ account: signer, chain: foundry, transport });
    const hash = await wallet.writeContract({
      address: exchange.settlement,
      abi: settlementAbi,
      functionName: 'forceCommand',
      args: [account, bytesToHex(encodeForcedAction(action))],
      value: parseEther('0.01'),
    });
    const { logs } = await exchange.client.waitForTransactionReceipt({ hash });
    const enqueued = parseEventLogs({ abi: settlementAbi, logs, eventName: 'MessageEnqueued' });
    if (enqueued.length !== 1) throw new Error(`The forced command was refused (${hash}).`);
  }
}
