import { MAX_ACCOUNTS, MAX_COMMAND_BYTES, MAX_KEYS } from '#shared/engine/layout.ts';

/** The part of JSON schema that parameters are described with. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

const text = (pattern: string, description: string): Schema => ({
  type: 'string',
  pattern,
  description,
});

const integer = (minimum: number, maximum: number, description: string): Schema => ({
  type: 'integer',
  minimum,
  maximum,
  description,
});

/** A number of up to 64 bits, which a double might not hold: digits in a string. */
const counter = (description: string): Schema =>
  text('^(?:0|[1-9][0-9]{0,19})$', `${description}, digits in a string`);

const decimal = (description: string): Schema =>
  text('^[0-9]{1,18}(?:\\.[0-9]{1,18})?$', `${description}, a plain decimal in a string`);

const word = (values: readonly string[], description: string): Schema => ({
  type: 'string',
  enum: values,
  description,
});

const flag = (description: string): Schema => ({ type: 'boolean', description });

export const account = integer(0, MAX_ACCOUNTS - 1, 'number of the account');
export const instrumentName = text(
  '^[A-Za-z0-9]{1,8}_USDC-[0-9A-Z]{6,7}-[1-9][0-9]{0,9}-[CP]$',
  'for example BTC_USDC-27NOV26-90000-C',
);
export const underlying = text('^[A-Za-z0-9]{1,8}$', 'for example BTC');
export const owner = text('^0x[0-9a-fA-F]{40}$', 'address of the owner');
export const orderId = counter('id of the order');
export const label = counter('your own number for the order, unsigned 64 bits');
export const sequence = integer(1, Number.MAX_SAFE_INTEGER, 'place in the journal');
export const startSeq = integer(0, Number.MAX_SAFE_INTEGER, 'oldest wanted; else the newest');
export const startAccount = integer(0, MAX_ACCOUNTS - 1, 'lowest wanted account');
export const count = { ...integer(1, 1000, 'most entries wanted'), default: 100 };
export const depth = { ...integer(1, 1000, 'levels a side'), default: 20 };
export const expired = { ...flag('the settled and delisted ones instead'), default: false };
export const channels: Schema = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 80 },
  minItems: 1,
  maxItems: 500,
  description: 'for example book.BTC_USDC-27NOV26-90000-C, ticker.…, user.orders.17',
};
export const command = text(
  `^0x(?:[0-9a-fA-F]{2}){1,${MAX_COMMAND_BYTES}}$`,
  'wire bytes of a command, see shared/protocol',
);

/** What every signed command carries besides its own parameters. */
const envelope = {
  account,
  nonce: counter('unused number above the floor of the signing key'),
  valid_until: integer(1, 0xffff_ffff, 'seconds since 1970'),
  key_slot: { ...integer(0, MAX_KEYS - 1, '0 is the owner'), default: 0 },
  signature: text('^0x(?:[0-9a-fA-F]{128}|[0-9a-fA-F]{130})$', 'EIP-2098 (64 bytes) or r, s, v'),
};
const ENVELOPE_REQUIRED = ['account', 'nonce', 'valid_until', 'signature'];

/** An object with exactly these properties, of which `required` must be there. */
export function object(properties: Record<string, Schema>, required: readonly string[]): Schema {
  return { type: 'object', properties, required, additionalProperties: false };
}

function signed(properties: Record<string, Schema>, required: readonly string[]): Schema {
  return object({ ...properties, ...envelope }, [...required, ...ENVELOPE_REQUIRED]);
}

const amount = decimal('contracts');
const price = decimal('USDC per contract');
const money = decimal('USDC');

export const orderParams = signed(
  {
    instrument_name: instrumentName,
    amount,
    price,
    type: {
      ...word(['limit', 'market'], 'a market order is bound by its price'),
      default: 'limit',
    },
    time_in_force: {
      ...word(
        ['good_til_cancelled', 'good_til_time', 'immediate_or_cancel', 'fill_or_kill'],
        'a market order without it is immediate_or_cancel',
      ),
    },
    good_til: integer(1, 0xffff_ffff, 'seconds since 1970, for good_til_time'),
    post_only: flag('refused if it would take'),
    post_only_slide: flag('slides behind the other side if it would take'),
    reduce_only: flag('only reduces the position'),
    self_trade: word(
      ['cancel_taker', 'cancel_maker', 'cancel_both', 'allow'],
      'what happens when it meets an order of its own account',
    ),
    label,
  },
  ['instrument_name', 'amount', 'price'],
);
export const cancelParams = signed({ order_id: orderId }, ['order_id']);
export const cancelByLabelParams = signed({ label }, ['label']);
export const cancelAllParams = signed({}, []);
export const editParams = signed({ order_id: orderId, price, amount }, [
  'order_id',
  'price',
  'amount',
]);
export const withdrawParams = signed({ amount: money }, ['amount']);
export const transferParams = signed({ to_account: account, amount: money }, [
  'to_account',
  'amount',
]);
export const setKeyParams = signed(
  {
    slot: integer(1, MAX_KEYS - 1, 'key slot; what was in it is replaced'),
    address: text('^0x[0-9a-fA-F]{40}$', 'address of the key'),
    scopes: {
      type: 'array',
      items: { type: 'string', enum: ['cancel', 'trade', 'withdraw'] },
      minItems: 1,
      maxItems: 3,
      uniqueItems: true,
      description: 'what it may do: cancel, trade, withdraw',
    },
    expiry: integer(1, 0xffff_ffff, 'seconds since 1970'),
  },
  ['slot', 'address', 'scopes', 'expiry'],
);
const slot = integer(1, MAX_KEYS - 1, 'key slot');
export const revokeKeyParams = signed({ slot }, ['slot']);
const fraction = (description: string): Schema =>
  text('^(?:0(?:\\.[0-9]{1,6})?|1(?:\\.0{1,6})?)$', `${description}, a fraction in a string`);
export const bidParams = signed(
  {
    auction: integer(0, MAX_ACCOUNTS - 1, 'the account in auction'),
    share: fraction('at most so much of it, 0.01 to 1'),
    limit_price: fraction('highest price, of its equity'),
  },
  ['auction', 'share', 'limit_price'],
);
const marginMode = word(['standard', 'portfolio'], 'which margin holds');
export const setMarginModeParams = signed({ margin_mode: marginMode }, ['margin_mode']);
export const simulateMarginParams = object(
  {
    positions: {
      type: 'string',
      maxLength: 4000,
      description: 'NAME:AMOUNT with commas in between, at most 64; negative amounts are short',
    },
    cash: {
      ...text('^-?[0-9]{1,18}(?:\\.[0-9]{1,6})?$', 'USDC, a plain decimal in a string'),
      default: '0',
    },
    margin_mode: { ...marginMode, default: 'portfolio' },
  },
  ['positions'],
);
export const simulateOrderParams = object(
  {
    account,
    instrument_name: instrumentName,
    direction: word(['buy', 'sell'], 'side of the order'),
    amount,
    price,
  },
  ['account', 'instrument_name', 'direction', 'amount', 'price'],
);
export const submitParams = object({ command }, ['command']);
