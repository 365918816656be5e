import { expect, test } from 'vitest';
import { SimulatedMarket } from '#infra/market/simulated.ts';
import { deriveModule, Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { domainSeparator } from '#shared/protocol/typed-data.ts';
import { devnetSigners, OracleCommittee, surfaceEntries } from './committee.ts';

const START_MS = Date.UTC(2026, 10, 27, 7, 25);
const DOMAIN = { chainId: 31_337n, contract: new Uint8Array(20).fill(0xab) };

test('the real engine takes the committee’s commands, and prices options from them', () => {
  const signers = devnetSigners(1);
  const market = new SimulatedMarket({ seed: 1, startMs: START_MS });
  const committee = new OracleCommittee({ signers, domain: domainSeparator(DOMAIN), seed: 1 });
  const module = deriveModule(readEngine().wasm, { marks: false, undo: true });
  const engine = Engine.create({ module });
  engine.segmentStart();
  engine.advance();
  const genesis = encodeInboxMessage({
    kind: 'genesis',
    version: 1,
    ...DOMAIN,
    feeRecipient: new Uint8Array(20).fill(7),
    riskMonitor: new Uint8Array(20),
    makerFee: 300,
    takerFee: 300,
    maxOpenOrders: 100,
    flags: 0,
    signers: signers.map((signer) => signer.address),
    underlyings: [
      {
        name: 'BTC',
        tick: 5_000_000n,
        lotsPerContract: 100,
        strikeStep: 500,
        strikeBandBps: 10_000,
        priceBandBps: 1000,
      },
    ],
  });
  expect(engine.executeInbox(genesis)).toBe(0);
  const run = (command: Uint8Array): number => {
    engine.segmentStart();
    return engine.execute(command);
  };
  expect(run(encodeCommand({ kind: 'clock', timeMs: BigInt(START_MS) }))).toBe(0);
  const price = market.price('BTC');
  const index = { underlying: 0, name: 'BTC', price, timeMs: START_MS };
  expect(run(committee.indexCommand({ ...index, round: 1 }))).toBe(0);
  expect(run(committee.indexCommand({ ...index, round: 1 }))).toBe(602);
  const surface = { underlying: 0, name: 'BTC', round: 1, timeMs: START_MS, market };
  expect(run(committee.volatilityCommand(surface))).toBe(0);
  for (const { expiryDay } of surfaceEntries(market, 'BTC', START_MS)) {
    for (const optionKind of [0, 1]) {
      const list = { kind: 'list', underlying: 0, expiryDay, strike: 90_000, optionKind } as const;
      expect(run(encodeCommand(list))).toBe(0);
    }
  }
  expect(run(encodeCommand({ kind: 'reprice', underlying: 0 }))).toBe(0);
  const forged = new OracleCommittee({
    signers: devnetSigners(2),
    domain: domainSeparator(DOMAIN),
    seed: 1,
  });
  expect(run(forged.indexCommand({ ...index, round: 2 }))).toBeGreaterThanOrEqual(600);
});
