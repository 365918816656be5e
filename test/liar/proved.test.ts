import { parseEther, zeroHash } from 'viem';
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_TRANSACTION_GAS } from '#shared/l1/gas.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { wallet } from '#test/engine/world.ts';
import { FRAUD, gasOf, onL1, proveOnce } from './proof.ts';
import { lies, startLie, type ToldLie } from './tell.ts';
import { watchOnce } from './watch.ts';

const PROVER = wallet(77);
/** Of a devnet's bond of 10 ETH, 30 % are the prover's. */
const REWARD = parseEther('3');
/** The numbers.md goal for a typical order. */
const MOST_GAS = 20_000_000n;
/** `PLIMSOLL_PROOF_TABLE=1` prints what each proof took. */
const PRINTS = process.env.PLIMSOLL_PROOF_TABLE === '1';
let told: ToldLie | undefined;

afterEach(async () => {
  await told?.exchange.close();
  told = undefined;
});

describe('a watcher with a key', () => {
  it.each(lies.map((lie) => lie.name))(
    'proves %s on L1',
    async (name) => {
      told = await startLie(name, { judged: true });
      const { exchange, parent } = told;
      const { header } = await told.goOn();
      expect(header.number).toBe(3n);
      const { text } = await proveOnce(exchange, PROVER);
      const { freezeReason, tip, bond, batchHash, rewards } = onL1(exchange);
      expect(await freezeReason(), text).toBe(FRAUD);
      expect(await tip()).toMatchObject({ number: 1n, finalRoot: parent.header.finalRoot });
      expect(await batchHash(2n)).toBe(zeroHash);
      expect(await batchHash(3n)).toBe(zeroHash);
      expect(await bond()).toBe(0n);
      const paid = (await rewards()).map((one) => ({ ...one, prover: one.prover.toLowerCase() }));
      expect(paid).toEqual([{ prover: bytesToHex(PROVER.address), amount: REWARD }]);
      const gas = await gasOf(exchange, PROVER);
      const sum = gas.reduce((total, each) => total + each, 0n);
      if (PRINTS)
        process.stdout.write(`${name.padEnd(22)} ${gas.length} transactions, ${sum} gas\n`);
      for (const each of gas) expect(each).toBeLessThanOrEqual(MAX_TRANSACTION_GAS);
      expect(sum).toBeLessThan(MOST_GAS);
      // What stands agrees.
      const after = await watchOnce(exchange.anvil.url, exchange.settlement);
      expect(after.text).toContain('1 batches checked now, up to batch 1');
      expect(after.code).toBe(0);
    },
    120_000,
  );
});
