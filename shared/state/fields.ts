/**
 * The fields of the engine's records, in order, with their types. AssemblyScript lays them out as C does: each
 * at the next multiple of its size. Only for naming what differs; `describe.test.ts` compares every line with the
 * record's own file in `shared/engine`.
 */
export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly width: number;
}

/** Record class, the file that declares it below `shared/engine`, and its fields. */
export const RECORDS = {
  Globals: record(
    'records/globals.ts',
    'clock u64, indexTime u64, volatilityTime u64, inboxCount u64, collateral i64, flatCash ' +
      'i64, withdrawn u64, accounts u32, mode u32, initialized u32, work u32, flags u32, ' +
      'maxOpenOrders u32, makerFee u32, takerFee u32, signers u32, underlyings u32, domain0 ' +
      'u64, domain1 u64, domain2 u64, domain3 u64, orderTop u32, orderFree u32, instrumentTop ' +
      'u32, instrumentFree u32, marginEpoch u32, lateRounds u32, liveOrders u32, serial u32',
  ),
  Underlying: record(
    'records/underlying.ts',
    'name u64, nameLength u32, lotsPerContract u32, tick u64, tickPerLot u64, strikeStep ' +
      'u32, strikeBandBps u32, priceBandBps u32, buffer u32, indexPrice u64, indexTime u64, ' +
      'indexRound u32, volatilityRound u32, volatilityTime u64, epoch u32, building u32, ' +
      'cursor u32, surfaces u32, epochIndex u64, epochTime u64, buildIndex u64, buildTime ' +
      'u64, buildIndexRound u32, buildVolatilityRound u32, firstInstrument u32, ' +
      'lastInstrument u32, windowDay u32, windowPad u32, windowCovered u64, windowSum u64, ' +
      'takerFeePerLot u64, makerFeePerLot u64, bandPerLot i64, settledNext u32, settledPad u32',
  ),
  Surface: record(
    'oracle/volatility.ts',
    'day u32, volatility u32, forward u64, buildVolatility u32, pad u32, buildForward u64',
  ),
  Instrument: record(
    'records/instrument.ts',
    'state u8, underlying u8, put u8, nameLength u8, strike u32, expiry u64, serial u32, ' +
      'openOrders u32, openInterest u64, name0 u64, name1 u64, name2 u64, name3 u64, bestBid ' +
      'u32, bestAsk u32, tickPerLot u64, mark0 i64, mark1 i64, initial0 i64, initial1 i64, ' +
      'maintenance0 i64, maintenance1 i64, cumulated i64, cumulatedTime u64, ringNext u32, ' +
      'ringUsed u32, ringTime u64, next u32, previous u32, slot u32',
  ),
  Order: record(
    'records/order.ts',
    'id u64, label u64, account u32, generation u32, price u32, lots u32, feePerLot u32, ' +
      'pad u32, next u32, previous u32, expiry u64, instrument u16, flags u16, use u32',
  ),
  Account: record(
    'records/account.ts',
    'subaccount u8, flags u8, held u16, openOrders u32, cash i64, occupied u64, ' +
      'premiumReserve i64, shortMargin i64, marginEpoch u32, generation u32, withdrawn u64, ' +
      'deposited u64, owner0 u64, owner1 u64, owner2 u32, ownerEpoch u32, ownerExpiry u64, ' +
      'ownerNonceFloor u64, ownerNonceBits0 u64, ownerNonceBits1 u64, ownerScope u32, ' +
      'keyCounter u32',
  ),
  Key: record(
    'records/account.ts',
    'address0 u64, address1 u64, address2 u32, epoch u32, expiry u64, nonceFloor u64, ' +
      'nonceBits0 u64, nonceBits1 u64, scope u8',
  ),
  Position: record(
    'records/position.ts',
    'instrument u16, pad u16, lots i32, openBuy u32, openSell u32',
  ),
};

export interface RecordShape {
  readonly file: string;
  readonly fields: readonly Field[];
}

function record(file: string, text: string): RecordShape {
  const fields: Field[] = [];
  let end = 0;
  for (const declaration of text.split(', ')) {
    const [name = '', type = ''] = declaration.split(' ');
    const width = Number(type.slice(1)) / 8;
    const offset = Math.ceil(end / width) * width;
    fields.push({ name, offset, width });
    end = offset + width;
  }
  return { file, fields };
}
