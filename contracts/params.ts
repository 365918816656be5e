/** What a deployment fixes for ever, with the figures of production and of a devnet. */
import type { Address, ContractConstructorArgs, Hex } from 'viem';
import { parseEther, parseUnits, stringToHex } from 'viem';
import type { settlementAbi } from '#contracts/abi/index.ts';

/** The constructor's struct: times in seconds, money in 1e-6 USDC, fees in 1e-6 of the notional, ETH in wei. */
export type SettlementParams = ContractConstructorArgs<typeof settlementAbi>[0];

/** What no default can know. */
export interface Parties {
  token: Address;
  sequencer: Address;
  feeRecipient: Address;
  /** May ask the engine for higher margin multipliers; left out: nobody. */
  riskMonitor?: Address;
  insuranceBeneficiary: Address;
  oracleSigners: readonly Address[];
  /** May fell batches; left out: `deploy` puts the real one there. */
  judge?: Address;
}

/** Bit 0 of the genesis flags: an order may ask that its account trade with itself (benchmarks only). */
export const GENESIS_SELF_TRADE = 1;

const NOBODY = '0x0000000000000000000000000000000000000000';

const minute = 60n;
const hour = 60n * minute;
const day = 24n * hour;

/** An underlying's name as the genesis message has it: 8 bytes of ASCII, padded with zeros. */
export function underlyingName(name: string): Hex {
  return stringToHex(name, { size: 8 });
}

/** BTC and ETH as `exchange.md` lists them. */
export const underlyings: SettlementParams['underlyings'] = [
  {
    name: underlyingName('BTC'),
    tick: parseUnits('5', 6),
    lotsPerContract: 100,
    strikeStep: 500,
    strikeBandBps: 10_000,
    priceBandBps: 1_000,
  },
  {
    name: underlyingName('ETH'),
    tick: parseUnits('0.1', 6),
    lotsPerContract: 10,
    strikeStep: 25,
    strikeBandBps: 10_000,
    priceBandBps: 1_000,
  },
];

/**
 * What a commitment against a batch costs, wei, unless it proves a fraud. Whoever wants to hold finality up to W + T all the time pays one
 * in each T: 60 ether a year. A prover gets it back with sixty times as much.
 */
export const productionSessionBond = parseEther('0.5');
export const devnetSessionBond = parseEther('0.05');

/** Production: a week to dispute, a day to be heard, two to be frozen out. */
export function productionParams(parties: Parties): SettlementParams {
  return {
    ...parties,
    judge: parties.judge ?? NOBODY,
    riskMonitor: parties.riskMonitor ?? NOBODY,
    makerFee: 300,
    takerFee: 300,
    maxOpenOrders: 1_000,
    genesisFlags: 0,
    underlyings,
    challengePeriod: 7n * day,
    sessionPeriod: 3n * day,
    forceDelay: day,
    freezeDelay: 2n * day,
    livenessDelay: day,
    priceDelay: 2n * day,
    softLag: hour,
    reportPeriod: 7n * day,
    retirementNotice: 30n * day,
    minimumDeposit: parseUnits('10', 6),
    bondAmount: parseEther('100'),
    forceFee: parseEther('0.0005'),
    deficitBounty: parseEther('0.05'),
  };
}

/** A devnet: the same exchange with everything that takes days in minutes. */
export function devnetParams(parties: Parties): SettlementParams {
  return {
    ...productionParams(parties),
    challengePeriod: 2n * minute,
    sessionPeriod: minute,
    forceDelay: 2n * minute,
    freezeDelay: 4n * minute,
    livenessDelay: 10n * minute,
    priceDelay: 20n * minute,
    softLag: 2n * minute,
    reportPeriod: minute,
    retirementNotice: 30n * minute,
    minimumDeposit: parseUnits('1', 6),
    bondAmount: parseEther('10'),
    deficitBounty: parseEther('0.01'),
  };
}
