import type { StateReader } from '#sequencer/gateway/state/reader.ts';
import type { UnderlyingRecord } from '#sequencer/gateway/state/records.ts';
import { RISK_SET_SIZE, RISK_SIZE, RISKS } from '#shared/engine/layout.ts';
import type { InstrumentWords } from '#shared/protocol/sentence.ts';

/** Entry of a risk array, as shared/engine/records/risk.ts has it. */
const RISK_SHORT = 37;
const NAKED_SHARE = 0.01;

/** A listed option with its mark, as traders see it. */
export interface Option {
  readonly slot: number;
  readonly words: InstrumentWords;
  readonly underlying: number;
  readonly underlyingName: string;
  readonly optionKind: 'call' | 'put';
  /** USDC. */
  readonly strike: number;
  readonly expiryMs: number;
  /** Money per lot. */
  readonly mark: number;
  /** Money per lot that a short needs on its own, by the standard rules and by the scenarios. */
  readonly initial: number;
  readonly portfolioInitial: number;
  /** Money per lot: what a tick is worth. */
  readonly tickMoney: number;
  /** USDC per unit, at the last accepted index. */
  readonly index: number;
}

/** The options that can be traded now: listed, priced, and not about to expire. */
export function openOptions(reader: StateReader, view: DataView, leftMs = 60_000): Option[] {
  const underlyings = reader.underlyings();
  const { clockMs } = reader;
  return reader.instruments().flatMap((record): Option[] => {
    const underlying = underlyings[record.underlying];
    const { markPerLot } = record;
    if (underlying === undefined || markPerLot === null || record.settled) return [];
    if (record.expiryMs - clockMs < leftMs) return [];
    const { tick, lotsPerContract } = underlying;
    return [
      {
        slot: record.slot,
        words: { name: record.name, tick, lotsPerContract } as InstrumentWords,
        underlying: record.underlying,
        underlyingName: underlying.name,
        optionKind: record.kind,
        strike: record.strike,
        expiryMs: record.expiryMs,
        mark: Number(markPerLot),
        initial: Number(record.initialPerLot),
        portfolioInitial: shortLoss(view, record.slot, underlying.buffer) + nakedCharge(underlying),
        tickMoney: Number(tick) / lotsPerContract,
        index: Number(underlying.indexPrice) / 1e6,
      },
    ];
  });
}

/** What one lot held short loses at worst over the scenarios, money. */
function shortLoss(view: DataView, instrument: number, buffer: number): number {
  const set = RISKS + instrument * RISK_SIZE + buffer * RISK_SET_SIZE;
  return Number(view.getBigInt64(set + 8 * RISK_SHORT, true));
}

/** 1 % of the index for each naked lot. */
function nakedCharge({ indexPrice, lotsPerContract }: UnderlyingRecord): number {
  return (NAKED_SHARE * Number(indexPrice)) / lotsPerContract;
}

/** The mark in ticks, at least one. */
export function markTicks(option: Option): number {
  return Math.max(1, Math.round(option.mark / option.tickMoney));
}
