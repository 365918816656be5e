import type { Anomaly } from './anomaly/anomalies.ts';
import type { ContagionReport } from './contagion/contagion.ts';
import type { Forecast } from './volatility/forecaster.ts';

/** Why a multiplier is asked for; the numbers travel in the command. */
export const REASONS = {
  volatility: 1,
  jump: 2,
  liquidity: 3,
  contagion: 4,
  concentration: 5,
  margin_use: 6,
} as const;
export type Reason = keyof typeof REASONS;

/** One thing that speaks for more margin. */
export interface Finding {
  readonly reason: Reason;
  /** 1 to 2: what this alone would ask for. */
  readonly multiplier: number;
  /** A clause for a sentence, without a full stop. */
  readonly words: string;
}

/** What is known of one underlying at one moment; null where it is not known. */
export interface Situation {
  readonly underlying: string;
  readonly forecast: Forecast;
  /** Anomalies of the last minutes. */
  readonly anomalies: readonly Anomaly[];
  readonly contagion: ContagionReport | null;
  /** Cash of the insurance fund, USDC. */
  readonly fund: number | null;
  /** Initial margin of all who hold something over their equity. */
  readonly marginUse: number | null;
}

export interface PolicyOptions {
  /** Forecast over calm level from which more is asked for, and at which 2.0 is. */
  readonly volatilityFrom: number;
  readonly volatilityFull: number;
  /** A return's anomaly only counts if the minute moved by this much at least. */
  readonly leastMove: number;
  /** Most that each kind may ask for. */
  readonly most: Readonly<Record<Reason, number>>;
  /** Shortfall in the costliest scenario over the fund. */
  readonly shortfallFrom: number;
  readonly shortfallFull: number;
  /** Share of the shorts in one hand. */
  readonly shareFrom: number;
  /** Margin over equity. */
  readonly marginUseFrom: number;
}

export const POLICY_DEFAULTS: PolicyOptions = {
  volatilityFrom: 2.5,
  volatilityFull: 7.5,
  leastMove: 0.004,
  most: {
    volatility: 2,
    jump: 1.75,
    liquidity: 1.5,
    contagion: 1.75,
    concentration: 1.25,
    margin_use: 1.25,
  },
  shortfallFrom: 0.5,
  shortfallFull: 2,
  shareFrom: 0.5,
  marginUseFrom: 0.8,
};

/** Fewer accounts than this are no crowd: one of two holders always has half. */
const LEAST_ACCOUNTS = 5;

/** Everything that speaks for more margin now, the strongest first. */
export function findings(situation: Situation, options = POLICY_DEFAULTS): Finding[] {
  const found = [
    volatilityFinding(situation, options),
    ...situation.anomalies.map((one) => anomalyFinding(one, options)),
    contagionFinding(situation, options),
    concentrationFinding(situation, options),
    marginUseFinding(situation, options),
  ];
  return found
    .filter((one): one is Finding => one !== null && one.multiplier > 1)
    .sort((a, b) => b.multiplier - a.multiplier);
}

/**
 * The multiplier that the findings ask for together: the strongest, and a quarter of what each other kind adds, since they
 * partly tell the same. 1 if there is none, at most 2.
 */
export function combine(found: readonly Finding[]): number {
  const [first] = found;
  if (first === undefined) return 1;
  const kinds = new Map<Reason, number>();
  for (const { reason, multiplier } of found) {
    if (reason !== first.reason) kinds.set(reason, Math.max(multiplier, kinds.get(reason) ?? 1));
  }
  const others = [...kinds.values()].reduce((sum, one) => sum + (one - 1) / 4, 0);
  return Math.min(2, first.multiplier + others);
}

function volatilityFinding({ forecast }: Situation, options: PolicyOptions): Finding | null {
  const { volatilityFrom, volatilityFull, most } = options;
  const { ratio, volatility, calm, garch, ewma } = forecast;
  const part = ramp(ratio, volatilityFrom, volatilityFull);
  if (part === 0) return null;
  const who = (garch ?? 0) >= ewma ? 'GARCH expects' : 'the weighted average of recent moves is';
  return {
    reason: 'volatility',
    multiplier: 1 + part * (most.volatility - 1),
    words: `${who} a volatility of ${percent(volatility)} a year for the next hour, ${ratio.toFixed(1)} times the calm level of ${percent(calm)}`,
  };
}

function anomalyFinding(anomaly: Anomaly, { leastMove, most }: PolicyOptions): Finding | null {
  const { series, severity, score, value, usual, move } = anomaly;
  const robust = `robust z-score ${score.toFixed(1)}`;
  if (series === 'return') {
    if (Math.abs(move) < leastMove) return null;
    return {
      reason: 'jump',
      multiplier: 1.1 + severity * (most.jump - 1.1),
      words: `the index moved by ${percent(move, 2)} within a minute, ${Math.abs(value).toFixed(1)} times what was expected (${robust})`,
    };
  }
  const words = {
    spread: `spreads are ${(value / usual).toFixed(1)} times as wide as usual (${robust})`,
    depth: `the books hold ${percent(value / usual)} of their usual depth (${robust})`,
    trade_size: `a trade was ${(value / usual).toFixed(0)} times as large as usual (${robust})`,
  }[series];
  const multiplier = 1 + (0.1 + 0.9 * severity) * (most.liquidity - 1);
  return { reason: 'liquidity', multiplier, words };
}

function contagionFinding(situation: Situation, options: PolicyOptions): Finding | null {
  const { contagion, fund, underlying } = situation;
  const worst = contagion?.falls[0];
  if (worst === undefined || fund === null) return null;
  const ratio = worst.shortfall / Math.max(fund, 1);
  const part = ramp(ratio, options.shortfallFrom, options.shortfallFull);
  if (part === 0) return null;
  const { first, followers, scenario } = worst;
  const together = first.length + followers.length;
  const owed = dollars(worst.shortfall);
  const after =
    followers.length === 0 ? '' : `, ${followers.length} of them because of the others,`;
  const what =
    together === 1
      ? `1 account falls and owes ${owed} more than it has`
      : `${together} accounts fall together${after} and owe ${owed} more than they have`;
  const against =
    fund < 1 ? 'and there is no insurance fund' : `${ratio.toFixed(1)} times the insurance fund`;
  return {
    reason: 'contagion',
    multiplier: 1 + part * (options.most.contagion - 1),
    words: `if ${underlying} moves by ${percent(scenario.price)} with volatility ${scenario.volatility}, ${what}, ${against}`,
  };
}

function concentrationFinding(situation: Situation, options: PolicyOptions): Finding | null {
  const { contagion } = situation;
  if (contagion === null || contagion.accounts < LEAST_ACCOUNTS) return null;
  const part = ramp(contagion.largestShare, options.shareFrom, 1);
  if (part === 0) return null;
  return {
    reason: 'concentration',
    multiplier: 1 + part * (options.most.concentration - 1),
    words: `account ${contagion.largestAccount} holds ${percent(contagion.largestShare)} of all shorts`,
  };
}

function marginUseFinding({ marginUse }: Situation, options: PolicyOptions): Finding | null {
  if (marginUse === null) return null;
  const part = ramp(marginUse, options.marginUseFrom, 1);
  if (part === 0) return null;
  return {
    reason: 'margin_use',
    multiplier: 1 + part * (options.most.margin_use - 1),
    words: `accounts use ${percent(marginUse)} of their equity as margin`,
  };
}

/** 0 up to `from`, 1 from `full` on, straight between; 0 for what is no number. */
function ramp(value: number, from: number, full: number): number {
  if (!(value > from)) return 0;
  return Math.min(1, (value - from) / (full - from));
}

export function percent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)} %`;
}

function dollars(amount: number): string {
  return `${Math.round(amount).toLocaleString('en-US')} USDC`;
}
