import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deploySettlement, deployTestToken } from '#contracts/deploy.ts';
import { deploySegmentMachine, deployWithJudge } from '#contracts/judge.ts';
import { devnetParams } from '#contracts/params.ts';
import { engineProgram } from '#contracts/program.ts';
import { startChain, type TestChain } from '#contracts/testing.ts';
import { hashCode, hashProgram } from '#shared/machine/program/program.ts';
import { refuseOtherProgram } from './judge.ts';
import type { L1 } from './l1.ts';

let chain: TestChain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain?.stop());

const said: { code?: string }[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => said.push(JSON.parse(line)) });

test('a judge with another program is refused; a missing one is only said', async () => {
  const clients = { wallet: chain.wallet(0), client: chain.client };
  const { address } = clients.wallet.account;
  const token = (await deployTestToken(clients)).address;
  const parties = { feeRecipient: address, insuranceBeneficiary: address };
  const params = devnetParams({ token, sequencer: address, oracleSigners: [address], ...parties });
  const check = (settlement: L1['settlement']) =>
    refuseOtherProgram({ client: chain.client, settlement }, log);

  const none = await deploySettlement(clients, params);
  await check(none.address);
  expect(said.map(({ code }) => code)).toEqual(['NO_JUDGE']);

  const ours = await deployWithJudge(clients, params, {
    machine: await deploySegmentMachine(clients),
    sessionBond: 1n,
  });
  await check(ours.settlement.address);
  expect(said.length).toBe(1);

  // One instruction more than ours, which nothing ever reaches.
  const program = engineProgram();
  const code = new Uint8Array([...program.code, ...program.code.subarray(0, 16)]);
  const longer = { ...program, code, codeHash: hashCode(code) };
  const other = { ...longer, hash: hashProgram(longer) };
  const theirs = await deployWithJudge(clients, params, {
    machine: await deploySegmentMachine(clients, other),
    sessionBond: 1n,
  });
  await expect(check(theirs.settlement.address)).rejects.toMatchObject({ code: 'WRONG_PROGRAM' });
}, 60_000);
