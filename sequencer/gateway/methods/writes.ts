import { bidAction } from '#shared/client/actions.ts';
import type { OrderParams, PrivateMethods, PrivateResult, Signed } from '#shared/client/api.ts';
import { NO_SUCH_ORDER, OK } from '#shared/engine/codes.ts';
import { CMD_INDEX, CMD_VOLATILITY } from '#shared/engine/kinds.ts';
import { BAD_PARAMETER } from '#shared/protocol/api-codes.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import type { Action, Command, Envelope, Signature } from '#shared/protocol/command-types.ts';
import { decodeCommand, encodeCommand } from '#shared/protocol/commands.ts';
import { packOrderFlags } from '#shared/protocol/order-flags.ts';
import { parseSignature } from '#shared/protocol/signatures.ts';
import { parseLots, parseMoney, parsePrice } from '#shared/protocol/units.ts';
import type { ClientId, Outcome } from '../../matching/types.ts';
import { ApiError } from '../errors.ts';
import type { InstrumentInfo } from '../market/instruments.ts';
import type { OpenOrder } from '../market/orders.ts';
import type { Method } from '../method.ts';
import * as schemas from '../schemas.ts';
import { instrumentNamed, type Services } from '../services.ts';
import { SCOPE_BITS } from '../views/accounts.ts';
import { bidView } from '../views/liquidations.ts';
import { outcomeView } from '../views/orders.ts';
import { requireAllowed, SELF_TRADES, TIMES_IN_FORCE } from './orders.ts';
import { parsed, unsigned64 } from './parse.ts';

type Write<Name extends keyof PrivateMethods> = Omit<Method, 'handle' | 'name' | 'access'> & {
  name: Name;
  handle: (
    params: PrivateMethods[Name]['params'],
    client: ClientId,
  ) => Promise<PrivateMethods[Name]['result']>;
};

/** Ties a method's name to the types that the SDK has for it. */
function write<Name extends keyof PrivateMethods>(method: Write<Name>): Method {
  return {
    ...method,
    access: 'private',
    handle: (params, { client }) => method.handle(params as never, client),
  };
}

export function privateMethods(services: Services): Method[] {
  return [...orderWrites(services), ...cancelWrites(services), ...moneyWrites(services)];
}

function orderWrites(services: Services): Method[] {
  const order = (side: 'buy' | 'sell', params: OrderParams, client: ClientId) =>
    placeOrder(services, { side, params, client });
  const takes = 'Answers when the command is durable: what was filled, and what rests.';
  return [
    write({
      name: 'buy',
      summary: `Places a signed order to buy. ${takes}`,
      returns: 'OrderResult',
      params: schemas.orderParams,
      handle: (params, client) => order('buy', params, client),
    }),
    write({
      name: 'sell',
      summary: `Places a signed order to sell. ${takes}`,
      returns: 'OrderResult',
      params: schemas.orderParams,
      handle: (params, client) => order('sell', params, client),
    }),
    write({
      name: 'edit',
      summary: 'Changes price and remaining amount of an order; keeps its place if only fewer.',
      returns: 'OrderResult',
      params: schemas.editParams,
      handle: async (params, client) => {
        const orderId = unsigned64('order_id', params.order_id);
        const { order: before, info } = knownOrder(services, Number(orderId));
        const { underlying } = info;
        const command: Command = {
          kind: 'amend',
          orderId,
          price: parsed('price', () => parsePrice(params.price, underlying)),
          lots: parsed('amount', () => parseLots(params.amount, underlying.lotsPerContract)),
          ...envelopeOf(params),
        };
        requireAllowed(services, command);
        const outcome = await run(services, encode(command), client);
        return outcomeView(outcome, info, before.label);
      },
    }),
    write({
      name: 'submit',
      summary: 'Runs wire bytes of any command but consume and clock.',
      returns: 'OrderResult',
      params: schemas.submitParams,
      weight: ({ command }) => weightOf(command),
      handle: async (params, client) => {
        const bytes = hexToBytes(params.command);
        const decoded = decodeCommand(bytes);
        // What cannot be decoded goes to the engine all the same: its answer is the rule.
        if (!decoded.ok) return outcomeView(await run(services, bytes, client), null, 0n);
        const command = decoded.value;
        const before = command.kind === 'amend' ? orderOf(services, Number(command.orderId)) : null;
        requireAllowed(services, command);
        const outcome = await run(services, bytes, client);
        return describe(services, command, outcome, before);
      },
    }),
  ];
}

async function placeOrder(
  services: Services,
  { side, params, client }: { side: 'buy' | 'sell'; params: OrderParams; client: ClientId },
) {
  const info = instrumentNamed(services.market, params.instrument_name);
  const market = params.type === 'market';
  const timeInForce =
    params.time_in_force ?? (market ? 'immediate_or_cancel' : 'good_til_cancelled');
  const timed = timeInForce === 'good_til_time';
  if (timed !== (params.good_til !== undefined)) {
    const message = "'good_til' goes with time_in_force 'good_til_time', and only with it.";
    throw new ApiError(BAD_PARAMETER, message, { parameter: 'good_til' });
  }
  const label = params.label === undefined ? undefined : unsigned64('label', params.label);
  const command: Command = {
    kind: 'order',
    instrument: info.slot,
    flags: packOrderFlags({
      side,
      timeInForce: TIMES_IN_FORCE[timeInForce],
      postOnly: params.post_only ?? false,
      postSlide: params.post_only_slide ?? false,
      reduceOnly: params.reduce_only ?? false,
      selfTrade: SELF_TRADES[params.self_trade ?? 'cancel_taker'],
      market,
      labelled: label !== undefined,
    }),
    price: parsed('price', () => parsePrice(params.price, info.underlying)),
    lots: parsed('amount', () => parseLots(params.amount, info.underlying.lotsPerContract)),
    ...(label === undefined ? {} : { label }),
    ...(params.good_til === undefined ? {} : { expiry: params.good_til }),
    ...envelopeOf(params),
  };
  requireAllowed(services, command);
  const outcome = await run(services, encode(command), client);
  return outcomeView(outcome, info, label ?? 0n);
}

function cancelWrites(services: Services): Method[] {
  const cancel = async (action: Action, params: Signed, client: ClientId) => {
    const command = { ...action, ...envelopeOf(params) } as Command;
    return describe(services, command, await run(services, encode(command), client), null);
  };
  return [
    write({
      name: 'cancel',
      summary: 'Cancels one order.',
      returns: 'OrderResult',
      params: schemas.cancelParams,
      handle: (params, client) =>
        cancel(
          { kind: 'cancel', orderId: unsigned64('order_id', params.order_id) },
          params,
          client,
        ),
    }),
    write({
      name: 'cancel_by_label',
      summary: 'Cancels the order with this label.',
      returns: 'OrderResult',
      params: schemas.cancelByLabelParams,
      handle: (params, client) =>
        cancel({ kind: 'cancelLabel', label: unsigned64('label', params.label) }, params, client),
    }),
    write({
      name: 'cancel_all',
      summary: 'Cancels every order of the account at once.',
      returns: 'OrderResult',
      params: schemas.cancelAllParams,
      handle: (params, client) => cancel({ kind: 'cancelAll' }, params, client),
    }),
  ];
}

function moneyWrites(services: Services): Method[] {
  const act = async (action: Action, params: Signed, client: ClientId): Promise<PrivateResult> => {
    const command = { ...action, ...envelopeOf(params) } as Command;
    const outcome = await run(services, encode(command), client);
    return { sequence: outcome.sequence, time_ms: outcome.clockMs };
  };
  const amountOf = (params: { amount: string }) =>
    parsed('amount', () => parseMoney(params.amount));
  return [
    write({
      name: 'withdraw',
      summary: 'Moves free cash towards the owner on L1, where it is claimed.',
      returns: 'PrivateResult',
      params: schemas.withdrawParams,
      handle: async (params, client) =>
        act({ kind: 'withdraw', amount: amountOf(params) }, params, client),
    }),
    write({
      name: 'transfer',
      summary: 'Moves free cash to another account of the same owner.',
      returns: 'PrivateResult',
      params: schemas.transferParams,
      handle: async (params, client) =>
        act(
          { kind: 'transfer', toAccount: params.to_account, amount: amountOf(params) },
          params,
          client,
        ),
    }),
    write({
      name: 'set_key',
      summary: 'Allows a session key to act for the account, until a time and within a scope.',
      returns: 'PrivateResult',
      params: schemas.setKeyParams,
      handle: async (params, client) => {
        const { slot, expiry } = params;
        const scope = params.scopes.reduce((bits, name) => bits | SCOPE_BITS[name], 0);
        const address = hexToBytes(params.address);
        return act({ kind: 'setKey', slot, address, scope, expiry }, params, client);
      },
    }),
    write({
      name: 'revoke_key',
      summary: 'Ends a session key.',
      returns: 'PrivateResult',
      params: schemas.revokeKeyParams,
      handle: async (params, client) =>
        act({ kind: 'revokeKey', slot: params.slot }, params, client),
    }),
    write({
      name: 'bid',
      summary:
        'Bids for a share of an account in auction: its positions at their marks, and a discount in cash.',
      returns: 'BidResult',
      params: schemas.bidParams,
      handle: async (params, client) => {
        const { auction } = params;
        const action = parsed('limit_price', () => bidAction(params));
        const { sequence, time_ms: timeMs } = await act(action, params, client);
        const notes = services.market.liquidations.ofCommand(sequence);
        return bidView(notes, { auction, sequence, timeMs });
      },
    }),
    write({
      name: 'set_margin_mode',
      summary: 'Chooses standard or portfolio margin; initial margin must hold in both.',
      returns: 'PrivateResult',
      params: schemas.setMarginModeParams,
      handle: async (params, client) => {
        const mode = params.margin_mode === 'portfolio' ? 1 : 0;
        return act({ kind: 'setMarginMode', mode }, params, client);
      },
    }),
  ];
}

/** Anyone may send prices, and their signatures are checked by the thread that trades, not ahead of it. */
const PRICES_WEIGHT = 25;

function weightOf(command: string): number {
  const kind = Number.parseInt(command.slice(2, 4), 16) & 31;
  return kind === CMD_INDEX || kind === CMD_VOLATILITY ? PRICES_WEIGHT : 0;
}

/** Runs a command and waits until it is durable; a rejection by the engine throws its code. */
async function run({ exchange }: Services, bytes: Uint8Array, client: ClientId): Promise<Outcome> {
  const outcome = await exchange.submit(bytes, client);
  if (outcome.code !== OK) throw new ApiError(outcome.code);
  return outcome;
}

function envelopeOf(params: Signed): Envelope & Signature {
  return {
    keySlot: params.key_slot ?? 0,
    account: params.account,
    nonce: unsigned64('nonce', params.nonce),
    validUntil: params.valid_until,
    signature: parsed('signature', () => parseSignature(params.signature)),
  };
}

/** The order as the read models know it, open or ended, or null. */
function orderOf(
  { market }: Services,
  id: number,
): { order: OpenOrder; info: InstrumentInfo } | null {
  const open = market.orders.get(id);
  if (open !== null) {
    const info = market.instruments.bySlot(open.instrument);
    return info === undefined ? null : { order: open, info };
  }
  const closed = market.closed.get(id);
  return closed === undefined ? null : { order: closed, info: closed.info };
}

/** Throws the engine's own code for an order that is not there. */
function knownOrder(services: Services, id: number): { order: OpenOrder; info: InstrumentInfo } {
  const known = orderOf(services, id);
  if (known === null) throw new ApiError(NO_SUCH_ORDER, undefined, { parameter: 'order_id' });
  return known;
}

/** The answer to a durable command whose order, if it has one, is found by what it names. */
function describe(
  services: Services,
  command: Command,
  outcome: Outcome,
  before: { order: OpenOrder; info: InstrumentInfo } | null,
) {
  const { market } = services;
  if (command.kind === 'order') {
    const info = market.instruments.bySlot(command.instrument) ?? null;
    return outcomeView(outcome, info, command.label ?? 0n);
  }
  if (command.kind === 'amend' && before !== null) {
    return outcomeView(outcome, before.info, before.order.label);
  }
  const known = outcome.orderId === 0n ? null : orderOf(services, Number(outcome.orderId));
  return outcomeView(outcome, known?.info ?? null, known?.order.label ?? 0n);
}

function encode(command: Command): Uint8Array {
  return parsed('command', () => encodeCommand(command));
}
