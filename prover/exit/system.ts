import { settlementAbi } from '#contracts/abi/index.ts';
import { MAX_SWEEP } from '#shared/engine/layout.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import type { Smile } from '#shared/protocol/command-types.ts';
import { encodeCommand, type SystemCommand } from '#shared/protocol/commands.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { parseExpiryDay, parseInstrument } from '#shared/protocol/instruments.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { formatMoney, parseDecimal, parseMoney } from '#shared/protocol/units.ts';
import { ProverError } from '../errors.ts';
import { findInstrument, findUnderlying } from './account.ts';
import { enqueuedIn, type ForcedCommand } from './forced.ts';
import type { ExitTool, Receipt } from './tool.ts';

/** What anybody may force, for the help. Times are milliseconds since 1970 or as 2026-11-27T08:00:00Z, signatures 64 bytes of hex. */
export const SYSTEM_FORMS = [
  'index <underlying> <round> <signer>=<price in USDC>=<time>=<signature>...',
  'volatility <underlying> <round> <time> <expiry, as 27NOV26>=<forward in USDC, / the index it was seen with>=<volatility, as 0.65, or the five numbers of a smile, a=b=rho=m=sigma>... signed <signer>=<signature>...',
  'reprice <underlying>',
  'list <instrument>',
  'settle <instrument>',
  'settle-account <number>',
  'liquidate <account> <scenario, 0 to 34>',
  'liquidation-step <account>',
  'deleverage <account> <instrument>',
  'sweep <order id>...',
  'delist <instrument>',
  'raw <hex: kind byte and body>',
] as const;

/**
 * Reads a system command, such as `reprice BTC` or `settle BTC_USDC-27NOV26-90000-C`.
 *
 * @param view the replayed state, which knows instruments and underlyings by name
 * @throws ProverError BAD_COMMAND
 */
export function parseSystem(words: readonly string[], view: DataView): ForcedCommand {
  try {
    return parse(words, view);
  } catch (error) {
    if (error instanceof ProverError || !(error instanceof PlimsollError)) throw error;
    throw bad(error.message);
  }
}

/** Puts the command into the inbox, in the name of whichever of the key's accounts makes it cheapest. */
export async function forceSystem(
  tool: ExitTool,
  command: ForcedCommand,
): Promise<{ readonly index: bigint; readonly receipt: Receipt }> {
  const { l1, sender } = tool;
  const own = await tool.accountsOf(sender.account.address);
  // 0: in nobody's name, at the fee that rises with what waits. The first of an account and day costs the base fee.
  let best: { account: number; fee: bigint } | null = null;
  for (const account of [0, ...own]) {
    const fee = await l1.client.readContract({
      address: l1.settlement,
      abi: settlementAbi,
      functionName: 'forcedFee',
      args: [account, true],
    });
    if (best === null || fee < best.fee) best = { account, fee };
  }
  const { account, fee } = best as NonNullable<typeof best>;
  const receipt = await sender.send({
    functionName: 'forceSystem',
    args: [account, bytesToHex(command.body)],
    // The fee may rise before the transaction lands; the change comes back.
    value: fee * 2n,
  });
  return { index: enqueuedIn(tool, receipt, command.words), receipt };
}

function parse([name, ...rest]: readonly string[], view: DataView): ForcedCommand {
  switch (name) {
    case 'index':
      return index(rest, view);
    case 'volatility':
      return volatility(rest, view);
    case 'reprice': {
      const [underlying] = exactly(rest, 1);
      const number = underlyingOf(underlying, view);
      return system({ kind: 'reprice', underlying: number }, `reprice ${underlying}`);
    }
    case 'list':
      return list(rest, view);
    case 'settle':
    case 'delist': {
      const [instrument] = exactly(rest, 1);
      const kind = name === 'settle' ? 'settleInstrument' : 'delist';
      return system({ kind, instrument: slotOf(instrument, view) }, `${name} ${instrument}`);
    }
    case 'settle-account': {
      const account = Number(whole(exactly(rest, 1)[0], 32));
      return system({ kind: 'settleAccount', account }, `settle account ${account}`);
    }
    case 'liquidate': {
      const [account, scenario] = exactly(rest, 2);
      const terms = { account: Number(whole(account, 32)), scenario: Number(whole(scenario, 8)) };
      return system({ kind: 'liquidate', ...terms }, `liquidate account ${account}`);
    }
    case 'liquidation-step': {
      const account = Number(whole(exactly(rest, 1)[0], 32));
      return system({ kind: 'liquidationStep', account }, `next step for account ${account}`);
    }
    case 'deleverage': {
      const [account, name] = exactly(rest, 2);
      const terms = { account: Number(whole(account, 32)), instrument: slotOf(name, view) };
      return system({ kind: 'deleverage', ...terms }, `deleverage ${name} of account ${account}`);
    }
    case 'sweep': {
      if (rest.length < 1 || rest.length > MAX_SWEEP)
        throw bad(`it names 1 to ${MAX_SWEEP} orders.`);
      const orderIds = rest.map((id) => whole(id, 64));
      return system({ kind: 'sweep', orderIds }, `sweep orders ${orderIds.join(', ')}`);
    }
    case 'raw': {
      const [hex] = exactly(rest, 1);
      return { body: bytesOf(hex), words: `raw system command ${hex}` };
    }
    default:
      throw bad(name === undefined ? 'there is no command.' : `'${name}' is none of them.`);
  }
}

function index([underlying, round, ...signed]: readonly string[], view: DataView): ForcedCommand {
  const number = underlyingOf(underlying, view);
  const observations = signed.map((one) => {
    const [signer, price, time, signature] = exactly(one.split('='), 4);
    return {
      signer: Number(whole(signer, 8)),
      price: BigInt(parseMoney(price)),
      timeMs: timeOf(time),
      signature: signatureOf(signature),
    };
  });
  if (observations.length === 0) throw bad('it has no observation.');
  observations.sort((a, b) => a.signer - b.signer);
  const prices = observations.map(({ price }) => formatMoney(price)).join(', ');
  return system(
    { kind: 'index', underlying: number, round: Number(whole(round, 32)), observations },
    `index prices of ${underlying}, round ${round}: ${prices} USDC`,
  );
}

function volatility(
  [underlying, round, time, ...rest]: readonly string[],
  view: DataView,
): ForcedCommand {
  const number = underlyingOf(underlying, view);
  const border = rest.indexOf('signed');
  if (border < 1 || border === rest.length - 1)
    throw bad("it needs entries, 'signed', signatures.");
  const entries = rest.slice(0, border).map((one) => {
    const [expiry, forward, ...smile] = one.split('=');
    const [day, money] = exactly([expiry ?? '', forward ?? ''], 2);
    const [seen, index] = money.includes('/') ? exactly(money.split('/'), 2) : [money, '0'];
    return {
      expiryDay: parseExpiryDay(day),
      forward: BigInt(parseMoney(seen)),
      index: BigInt(parseMoney(index)),
      ...smileIn(smile),
    };
  });
  const signatures = rest.slice(border + 1).map((one) => {
    const [signer, signature] = exactly(one.split('='), 2);
    return { signer: Number(whole(signer, 8)), signature: signatureOf(signature) };
  });
  entries.sort((a, b) => a.expiryDay - b.expiryDay);
  signatures.sort((a, b) => a.signer - b.signer);
  return system(
    {
      ...{ kind: 'volatility', underlying: number, round: Number(whole(round, 32)) },
      ...{ timeMs: timeOf(time), entries, signatures },
    },
    `volatility of ${underlying}, round ${round}, for ${entries.length} expiries`,
  );
}

/** One volatility, or the five numbers of a smile. */
function smileIn(words: readonly string[]): Smile {
  if (words.length === 1) return flatSmile(Number(parseDecimal(words[0] ?? '', 6)));
  const [a, b, rho, m, sigma] = exactly(words, 5);
  const billionths = (word: string) => Number(parseDecimal(word, 9));
  return {
    ...{ a: parseDecimal(a, 12), b: parseDecimal(b, 12), rho: billionths(rho) },
    ...{ m: billionths(m), sigma: billionths(sigma) },
  };
}

function list(rest: readonly string[], view: DataView): ForcedCommand {
  const [name] = exactly(rest, 1);
  const { underlying, expiryDay, strike, optionKind } = parseInstrument(name);
  return system(
    {
      kind: 'list',
      underlying: underlyingOf(underlying, view),
      ...{ expiryDay, strike, optionKind: optionKind === 'call' ? 0 : 1 },
    },
    `list ${name}`,
  );
}

function system(command: SystemCommand, words: string): ForcedCommand {
  return { body: encodeCommand(command), words };
}

/** Exactly so many words, as a tuple. */
function exactly<N extends 1 | 2 | 3 | 4 | 5>(
  words: readonly string[],
  count: N,
): {
  1: [string];
  2: [string, string];
  3: [string, string, string];
  4: [string, string, string, string];
  5: [string, string, string, string, string];
}[N] {
  if (words.length !== count || words.includes('')) throw bad('it has too few or too many parts.');
  return words as never;
}

function underlyingOf(name: string | undefined, view: DataView): number {
  const found = findUnderlying(view, name ?? '');
  if (found === null) throw bad(`there is no underlying ${name ?? '(it is missing)'}.`);
  return found;
}

function slotOf(name: string, view: DataView): number {
  const found = findInstrument(view, name);
  if (found === null) throw bad(`no instrument ${name} is listed or held.`);
  return found;
}

function whole(text: string | undefined, bits: number): bigint {
  if (!/^\d{1,20}$/.test(text ?? '') || BigInt(text as string) >> BigInt(bits) !== 0n) {
    throw bad(`'${text ?? ''}' is no whole number of at most ${bits} bits.`);
  }
  return BigInt(text as string);
}

function timeOf(text: string | undefined): bigint {
  if (/^\d+$/.test(text ?? '')) return whole(text, 64);
  const ms = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text ?? '')
    ? Date.parse(text as string)
    : Number.NaN;
  if (Number.isNaN(ms)) {
    throw bad(`'${text ?? ''}' is no time: milliseconds since 1970, or as 2026-11-27T08:00:00Z.`);
  }
  return BigInt(ms);
}

function signatureOf(text: string): Uint8Array {
  const bytes = bytesOf(text);
  if (bytes.length !== 64) throw bad('a signature has 64 bytes (EIP-2098).');
  return bytes;
}

function bytesOf(text: string): Uint8Array {
  const hex = text.replace(/^0x/, '');
  if (!/^([0-9a-fA-F]{2})+$/.test(hex)) throw bad('bytes are whole, in hexadecimal.');
  return hexToBytes(`0x${hex}`);
}

function bad(what: string): ProverError {
  return new ProverError(
    'BAD_COMMAND',
    `This cannot be forced: ${what} Forms: ${SYSTEM_FORMS.join('; ')}.`,
  );
}
