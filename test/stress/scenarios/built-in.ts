import { ScriptedMarket, type Waypoint } from '../market/scripted.ts';
import { type Scenario, USUAL } from './types.ts';

const point = (minute: number, level: number): Waypoint => ({ minute, level });

/** BTC's way, and ETH's as the same way with a larger swing. */
function market(options: {
  startMs: number;
  btc: number;
  eth: number;
  path: readonly Waypoint[];
  /** Logarithm of ETH's level over BTC's. */
  beta: number;
  noise: number;
  panic?: readonly Waypoint[];
  description: string;
}) {
  const { startMs, path, beta, noise, description, panic } = options;
  const eth = path.map(({ minute, level }) => ({ minute, level: level ** beta }));
  return (seed: number) =>
    new ScriptedMarket({
      seed,
      startMs,
      description,
      underlyings: [
        { name: 'BTC', price: options.btc, path, noise },
        { name: 'ETH', price: options.eth, path: eth, noise: noise * beta },
      ],
      ...(panic ? { panic } : {}),
    });
}

const MARCH_2020 = Date.UTC(2020, 2, 12, 10);
const OCTOBER_2025 = Date.UTC(2025, 9, 10, 20);
const NOVEMBER_2026 = Date.UTC(2026, 10, 23, 10);

const crash2020: Scenario = {
  ...USUAL,
  name: 'crash-2020-03-12-like',
  title: 'Black Thursday: half of the price gone in hours',
  story:
    'As on 12 March 2020, with the quiet hours left out: a first leg of −28 % within forty minutes, a weak recovery, and a second leg to −50 %. Most makers leave, the rest quote wide. Naked shorts stand near their limits, half of them short puts.',
  startMs: MARCH_2020,
  market: market({
    startMs: MARCH_2020,
    btc: 7900,
    eth: 195,
    beta: 1.15,
    noise: 0.9,
    description: 'as on 2020-03-12, condensed',
    path: [
      point(20, 0.99),
      point(35, 0.9),
      point(60, 0.72),
      point(80, 0.77),
      point(110, 0.74),
      point(125, 0.66),
      point(145, 0.5),
      point(155, 0.53),
      point(180, 0.58),
    ],
    panic: [point(20, 0), point(60, 0.8), point(145, 1.6), point(180, 1.2)],
  }),
  makers: (minute) =>
    minute < 25
      ? { present: 1, spread: 1, size: 1 }
      : minute < 150
        ? { present: 0.34, spread: 3, size: 0.3 }
        : { present: 0.67, spread: 2, size: 0.6 },
};

const cascade2025: Scenario = {
  ...USUAL,
  name: 'cascade-2025-10-10-like',
  title: 'Cascade: a fall within minutes, and nobody on the other side',
  story:
    'As on 10 October 2025: −3 % in an hour, then −14 % (ETH −20 %) within a quarter of an hour while the makers are gone, a wick lower, and half of it back soon after. What the book cannot take has to go to auction.',
  startMs: OCTOBER_2025,
  minutes: 150,
  market: market({
    startMs: OCTOBER_2025,
    btc: 117_000,
    eth: 4100,
    beta: 1.45,
    noise: 0.7,
    description: 'as on 2025-10-10, condensed',
    path: [
      point(40, 0.97),
      point(55, 0.955),
      point(66, 0.87),
      point(70, 0.845),
      point(74, 0.89),
      point(95, 0.93),
      point(150, 0.95),
    ],
    panic: [point(40, 0), point(70, 1), point(150, 0.4)],
  }),
  makers: (minute) =>
    minute < 50
      ? { present: 1, spread: 1, size: 1 }
      : minute < 75
        ? { present: 0.12, spread: 6, size: 0.1 }
        : { present: 0.67, spread: 2, size: 0.6 },
};

const volatility: Scenario = {
  ...USUAL,
  name: 'volatility-explosion',
  title: 'Volatility explosion: the price hardly moves, options triple',
  story:
    'Implied volatility rises from some 65 % to the 300 % that the committee signs at most, while the index swings by a few percent only. Shorts of both kinds lose at once, with no direction to hedge.',
  startMs: NOVEMBER_2026,
  minutes: 120,
  market: market({
    startMs: NOVEMBER_2026,
    btc: 90_000,
    eth: 3000,
    beta: 1.2,
    noise: 1.2,
    description: 'a quiet index and a panic in options',
    path: [point(30, 1.02), point(50, 0.96), point(70, 1.03), point(120, 0.99)],
    panic: [point(15, 0), point(45, 1.5), point(60, 4), point(90, 4), point(120, 1.5)],
  }),
  makers: (minute) => ({
    present: minute < 20 ? 1 : 0.5,
    spread: minute < 20 ? 1 : 2.5,
    size: 0.5,
  }),
};

const stall: Scenario = {
  ...USUAL,
  name: 'oracle-stall',
  title: 'The oracle stalls, and the market does not',
  story:
    'Nobody signs a price for twelve minutes while the market falls by 12 %. The exchange has to see that by itself: from the age of its prices it goes to reduce-only and then to cancel-only, in which nobody is liquidated at prices that no longer are; and it comes back only through its gate.',
  startMs: NOVEMBER_2026,
  minutes: 90,
  market: market({
    startMs: NOVEMBER_2026,
    btc: 90_000,
    eth: 3000,
    beta: 1.2,
    noise: 0.6,
    description: 'a fall during a stall',
    path: [point(30, 1), point(42, 0.88), point(60, 0.86), point(90, 0.9)],
  }),
  oracle: (minute) => ({ silent: minute >= 30 && minute < 42 }),
};

const lying: Scenario = {
  ...USUAL,
  name: 'half-of-signers-lying',
  title: 'Half of the signers lie',
  story:
    'Three of six signers say that the price is 30 % lower, for twenty minutes, and then creep: 0.5 % a minute for half an hour. The other three tell the truth, and the market stands still. Half of a committee may stop the index, as a third may by silence, but moves it by no more than 0.45 %: rounds on which no majority agrees are held, and it grows old until nothing but cancels goes on.',
  startMs: NOVEMBER_2026,
  minutes: 120,
  signers: 6,
  market: market({
    startMs: NOVEMBER_2026,
    btc: 90_000,
    eth: 3000,
    beta: 1.2,
    noise: 0.5,
    description: 'a quiet market',
    path: [point(120, 1.01)],
  }),
  oracle: (minute) => {
    if (minute >= 20 && minute < 40) return { liars: 3, lie: 0.7 };
    if (minute >= 60 && minute < 90) return { liars: 3, lie: 1 - 0.005 * (minute - 60) };
    return {};
  },
};

const whale: Scenario = {
  ...USUAL,
  name: 'whale-default',
  title: 'A whale defaults',
  story:
    'One account has a third of all naked shorts’ money and has sold puts up to its limit. The price gaps down by 22 % within three minutes. The account is worth less than nothing before anybody can trade; the fund is too small for it.',
  startMs: NOVEMBER_2026,
  minutes: 120,
  crowd: { shorts: 'puts', whale: 0.33 },
  market: market({
    startMs: NOVEMBER_2026,
    btc: 90_000,
    eth: 3000,
    beta: 1.1,
    noise: 0.6,
    description: 'a gap down',
    path: [point(30, 1), point(33, 0.78), point(60, 0.76), point(120, 0.82)],
    panic: [point(30, 0), point(35, 0.8), point(120, 0.4)],
  }),
  makers: (minute) => ({ present: minute < 30 ? 1 : 0.34, spread: minute < 30 ? 1 : 3, size: 0.5 }),
};

const l1Outage: Scenario = {
  ...USUAL,
  name: 'l1-not-finalizing',
  title: 'L1 makes no blocks for more than an hour, and the market falls',
  story:
    'From minute 15 to minute 85 the real L1 beside the exchange (anvil, the real contracts, production’s parameters) makes no block: nothing lands, nothing is final, no deposit comes in. The market falls by 15 % meanwhile. Trading goes on, no acknowledged trade is lost; when blocks come again the batches land late, the contract says so through the inbox, and the engine goes to reduce-only until its gate of fresh prices has passed.',
  startMs: NOVEMBER_2026,
  minutes: 110,
  fund: 0,
  l1: (minute) => ({ away: minute >= 15 && minute < 85 }),
  market: market({
    startMs: NOVEMBER_2026,
    btc: 90_000,
    eth: 3000,
    beta: 1.2,
    noise: 0.6,
    description: 'a fall while L1 stands still',
    path: [point(30, 0.99), point(55, 0.85), point(80, 0.87), point(110, 0.9)],
  }),
  makers: () => ({ present: 0.67, spread: 1.5, size: 0.7 }),
};

/** Each by its name on the command line. */
export const BUILT_IN: readonly Scenario[] = [
  crash2020,
  cascade2025,
  volatility,
  stall,
  lying,
  l1Outage,
  whale,
];
