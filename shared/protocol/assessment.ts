import { ByteWriter } from './bytes.ts';
import type { Money } from './units.ts';
import { money } from './units.ts';

/**
 * What `assess` of the engine is asked and answers (README, "Assessments"): the margin of a portfolio that nobody has, of an account, or of
 * an account after an order that nobody placed.
 */
export type AssessmentRequest =
  | {
      readonly kind: 'portfolio';
      /** 0 standard, 1 portfolio. */
      readonly mode: number;
      readonly cash: bigint;
      /** At most 64. */
      readonly positions: readonly { readonly instrument: number; readonly lots: number }[];
    }
  | {
      readonly kind: 'account';
      readonly account: number;
      readonly order?: {
        readonly instrument: number;
        /** Bits of `FLAG_*`. */
        readonly flags: number;
        readonly price: number;
        readonly lots: number;
      };
    };

/** Money is 1e-6 USDC. */
export interface Assessment {
  readonly equity: Money;
  readonly initial: Money;
  readonly maintenance: Money;
  readonly free: Money;
  readonly loss: Money;
  readonly basis: Money;
  readonly worstScenario: number;
  readonly nakedLots: number;
  /** What the engine would say to the order. */
  readonly orderCode: number;
  readonly mode: number;
  /** Whether loss, basis and naked lots are of all positions. */
  readonly complete: boolean;
  readonly underlying: number;
  /** What initial margin of new risk in it counts for now, 1e-4. */
  readonly multiplier: number;
  /** Of its prices, 1e-4. */
  readonly confidence: number;
  /** Change of value in each of the 35 scenarios, extremes as weighted. */
  readonly scenarios: readonly Money[];
}

export const SCENARIO_COUNT = 35;
const VECTOR_AT = 80;

/** The request's bytes. Throws `EncodingError` when a field is out of range. */
export function encodeAssessment(request: AssessmentRequest): Uint8Array {
  const writer = new ByteWriter();
  if (request.kind === 'portfolio') {
    writer
      .u8(0)
      .u8(request.mode)
      .u64(BigInt.asUintN(64, request.cash))
      .u8(request.positions.length);
    for (const { instrument, lots } of request.positions) writer.u16(instrument).u32(lots >>> 0);
    return writer.finish();
  }
  writer.u8(1).u32(request.account);
  const { order } = request;
  if (order) writer.u16(order.instrument).u16(order.flags).u32(order.price).u32(order.lots);
  return writer.finish();
}

/** Reads the answer of a request that returned 0. */
export function decodeAssessment(bytes: Uint8Array): Assessment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sum = (at: number) => money(view.getBigInt64(at, true));
  const number = (at: number) => view.getUint32(at, true);
  return {
    equity: sum(0),
    initial: sum(8),
    maintenance: sum(16),
    free: sum(24),
    loss: sum(32),
    basis: sum(40),
    worstScenario: number(48),
    nakedLots: number(52),
    orderCode: view.getInt32(56, true),
    mode: number(60),
    complete: number(64) === 1,
    underlying: number(68),
    multiplier: number(72),
    confidence: number(76),
    scenarios: Array.from({ length: SCENARIO_COUNT }, (_, index) => sum(VECTOR_AT + 8 * index)),
  };
}
