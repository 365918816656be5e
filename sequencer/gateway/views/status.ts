import type { ContractResult, StatusResult } from '#shared/client/api.ts';
import {
  MAX_COMMAND_BYTES,
  MAX_LOTS,
  MAX_POSITIONS,
  MAX_TICKS,
  NONCE_MAX_JUMP,
} from '#shared/engine/layout.ts';
import { formatDecimal, formatLots } from '#shared/protocol/units.ts';
import type { Services } from '../services.ts';
import type { UnderlyingRecord } from '../state/records.ts';
import { moneyText } from './format.ts';
import { MODE_NAMES, modeView } from './modes.ts';

/** As shared/engine/auth.ts has it: 30 days. */
const MAX_VALID_MS = 30 * 86_400_000;
const FEE_DECIMALS = 6;
const SELF_TRADE_ALLOWED = 1;

const prefixed = (hex: string): `0x${string}` =>
  hex.startsWith('0x') ? (hex as `0x${string}`) : `0x${hex}`;

/** What `get_status` says beyond the SDK's types: operators read it. */
export interface OperatorStatus extends StatusResult {
  /** `trouble`: why the machine's clock is not followed, in words; null while it is. */
  clock: { trouble: string | null; offset_ms: number };
}

export function statusView(services: Services): OperatorStatus {
  const { exchange, reader, risk } = services;
  const status = exchange.status();
  const globals = reader.globals();
  return {
    state: status.state,
    failure: status.failure,
    mode: MODE_NAMES[reader.mode()] ?? 'normal',
    modes: reader.underlyings().map(({ index }) => modeView(index, services)),
    new_risk: status.state === 'running' && risk.reason === null,
    reason: risk.reason,
    causes: risk.causes,
    time_ms: status.clockMs,
    engine_hash: status.engineHash,
    sequence: status.sequence,
    durable_sequence: status.durableSequence,
    landed_sequence: status.landedSequence,
    accepted: status.accepted,
    rejected: status.rejected,
    segment: status.segment,
    sealed_root: prefixed(status.sealedRoot),
    sealed_batch: status.sealedBatch,
    landed_batch: status.landedBatch,
    inbox_consumed: status.inboxConsumed,
    inbox_seen: status.inboxSeen,
    live_orders: globals.liveOrders,
    accounts: globals.accounts,
    clock: { trouble: status.clock.trouble, offset_ms: status.clock.offsetMs },
    l1: {
      connected: status.l1.connected,
      block_number: status.l1.blockNumber,
      block_time_ms: status.l1.blockTimeMs,
      trouble: status.l1.trouble,
      finalized_block: status.l1.finalizedBlock,
      finalized_time_ms: status.l1.finalizedTimeMs,
      deposits_held: status.l1.depositsHeld,
    },
  };
}

export function contractView({ exchange, reader, options, token }: Services): ContractResult {
  const status = exchange.status();
  const globals = reader.globals();
  return {
    chain_id: status.chainId,
    settlement: prefixed(status.settlement),
    token,
    domain: globals.domainSeparator,
    engine_hash: status.engineHash,
    underlyings: reader.underlyings().map(underlyingView),
    maker_fee: formatDecimal(BigInt(globals.makerFee), FEE_DECIMALS),
    taker_fee: formatDecimal(BigInt(globals.takerFee), FEE_DECIMALS),
    self_trade_allowed: (globals.flags & SELF_TRADE_ALLOWED) !== 0,
    limits: {
      max_command_bytes: MAX_COMMAND_BYTES,
      max_request_bytes: options.maxMessageBytes,
      max_open_orders: globals.maxOpenOrders,
      max_positions: MAX_POSITIONS,
      max_price_ticks: MAX_TICKS - 1,
      max_order_lots: MAX_LOTS,
      max_nonce_jump: NONCE_MAX_JUMP,
      max_valid_ms: MAX_VALID_MS,
      requests_per_second: options.messagesPerSecond,
      max_connections: options.maxConnectionsPerAddress,
      max_subscriptions: options.maxSubscriptionsPerConnection,
    },
  };
}

function underlyingView(u: UnderlyingRecord): ContractResult['underlyings'][number] {
  return {
    index: u.index,
    underlying: u.name,
    tick_size: moneyText(u.tick),
    lots_per_contract: u.lotsPerContract,
    min_amount: formatLots(1, u.lotsPerContract),
    strike_step: u.strikeStep,
    strike_band_bps: u.strikeBandBps,
    price_band_bps: u.priceBandBps,
  };
}
