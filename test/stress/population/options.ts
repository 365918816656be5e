import type { StateReader } from '#sequencer/gateway/state/reader.ts';
import type { InstrumentWords } from '#shared/protocol/sentence.ts';

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
  /** Money per lot: isolated initial margin of a short, and what a tick is worth. */
  readonly initial: number;
  readonly tickMoney: number;
  /** USDC per unit, at the last accepted index. */
  readonly index: number;
}

/** The options that can be traded now: listed, priced, and not about to expire. */
export function openOptions(reader: StateReader, leftMs = 60_000): Option[] {
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
        tickMoney: Number(tick) / lotsPerContract,
        index: Number(underlying.indexPrice) / 1e6,
      },
    ];
  });
}

/** The mark in ticks, at least one. */
export function markTicks(option: Option): number {
  return Math.max(1, Math.round(option.mark / option.tickMoney));
}
