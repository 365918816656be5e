import type { ExchangeOptions, Posted, TestExchange } from '#prover/testing/exchange.ts';
import { FACT_INBOX_COUNT } from '#shared/engine/layout.ts';
import { encodeBatch } from '#shared/protocol/batch.ts';
import { compileLyingEngine, lyingModule } from './engine.ts';
import { LiarError } from './errors.ts';
import type { Draft, Lie, Posting } from './lie.ts';
import { dataLies } from './lies/data.ts';
import { engineLies } from './lies/engine.ts';
import { headerLies } from './lies/header.ts';
import { riskLies } from './lies/risk.ts';
import { Stage } from './stage.ts';

/** Every way to cheat that is known here. */
export const lies: readonly Lie[] = [...engineLies, ...riskLies, ...headerLies, ...dataLies];

/** @throws LiarError NO_SUCH_LIE */
export function lieNamed(name: string): Lie {
  const lie = lies.find((one) => one.name === name);
  if (lie !== undefined) return lie;
  const names = lies.map((one) => one.name).join(', ');
  throw new LiarError('NO_SUCH_LIE', `There is no lie named ${name}. Known: ${names}.`);
}

/** A lie on L1, and the exchange around it. */
export interface ToldLie {
  readonly lie: Lie;
  readonly stage: Stage;
  readonly exchange: TestExchange;
  /** The batch before it, which is honest. */
  readonly parent: Posted;
  /** As landed. */
  readonly batch: Posted;
  readonly batchNumber: bigint;
  readonly data: Uint8Array;
  /** Where a watcher must find it; null: in the header. */
  readonly segment: number | null;
  /** Posts another batch on top of it: what the operator does next. */
  readonly goOn: () => Promise<Posted>;
}

/** What can be chosen about a lie. */
export interface TellOptions extends Omit<ExchangeOptions, 'module'> {
  /** Plays the same scene with everybody's engine and posts it as it is. */
  readonly honest?: boolean;
}

/**
 * Starts an exchange on an L1 of its own, trades, posts an honest batch, and then one with the lie in it. The caller closes the
 * exchange.
 *
 * @throws LiarError LIE_NOT_TOLD if the scene's command did not answer as the lie says
 */
export async function startLie(name: string, options: TellOptions = {}): Promise<ToldLie> {
  const lie = lieNamed(name);
  const { honest = false, ...others } = options;
  const stage = await Stage.build({ ...others, ...(await operatorOf(lie, honest)) });
  try {
    return await tellOn(stage, lie, honest);
  } catch (error) {
    await stage.exchange.close();
    throw error;
  }
}

/** Tells a lie on a stage that stands, whose operator runs the lie's own engine if it has one. */
export async function tellOn(stage: Stage, lie: Lie, honest = false): Promise<ToldLie> {
  const { exchange } = stage;
  const parent = exchange.tip;
  const draft = await play(stage, lie, honest);
  const truth = { header: draft.header, data: encodeBatch(draft.segments) };
  const posting: Posting = honest ? truth : ((await lie.post?.(draft, stage)) ?? truth);
  const batch = await exchange.post(posting.header, posting.data);
  return {
    ...{ lie, stage, exchange, parent, batch },
    goOn: () => goOn(stage),
    batchNumber: batch.header.number,
    data: posting.data,
    segment: segmentOf(lie, draft),
  };
}

/** The next batch, as if nothing had been: what a lying header said was consumed has to be consumed by then. */
async function goOn(stage: Stage): Promise<Posted> {
  const { exchange, world } = stage;
  await stage.pass(2);
  const { inboxCount } = exchange.tip.header;
  while (world.engine.view.getBigUint64(FACT_INBOX_COUNT, true) < inboxCount) {
    world.expect(await exchange.consume());
  }
  world.index(0, 90_000_000_000n);
  return exchange.postHonest();
}

/** The scene: honest commands, the segment that matters, and honest ones after it. */
async function play(stage: Stage, lie: Lie, honest: boolean): Promise<Draft> {
  const { exchange, world } = stage;
  const { engine } = world;
  await stage.pass(2);
  await lie.prepare?.(stage);
  const { segments: before } = await exchange.draft();
  const undo = engine.undo;
  if (lie.keepsTraps && !honest) engine.undo = () => {};
  engine.segmentStart();
  const answer = await lie.tell(stage);
  engine.undo = undo;
  const expected = honest || lie.patch === undefined ? lie.answers.honest : lie.answers.lying;
  if (answer !== expected) {
    throw new LiarError(
      'LIE_NOT_TOLD',
      `${lie.name}: the command answered ${answer}, not ${expected}.`,
    );
  }
  const { segments: told } = await exchange.draft();
  await stage.pass(2);
  world.index(0, 90_000_000_000n);
  const { segments: rest, header } = await exchange.draft();
  return {
    segments: [...before, ...told, ...rest],
    header,
    told: before.length + told.length - 1,
  };
}

async function operatorOf(lie: Lie, honest: boolean): Promise<Pick<ExchangeOptions, 'module'>> {
  if (lie.patch === undefined || honest) return {};
  const { wasm } = await compileLyingEngine(lie.patch);
  return { module: lyingModule(wasm) };
}

function segmentOf({ where }: Lie, { segments, told }: Draft): number | null {
  if (where === 'header') return null;
  if (where === 'told') return told;
  return where === 'last' ? segments.length - 1 : segments.length;
}
