import { describe, it } from 'vitest';
import { Scenario } from './scenario.ts';
import { World } from './world.ts';

const play = (table: string) => () => {
  new Scenario().play(table);
};

describe('orders', () => {
  it(
    'match best price first, then oldest',
    play(`
    A sell 5 @402                 -> OK rests 5
    B sell 5 @401                 -> OK rests 5
    A sell 5 @401                 -> OK rests 5
    book 401: B5 A5, 402: A5
    C buy 7 @402                  -> OK filled 7
    book 401: A3, 402: A5
    C buy 20 @401                 -> OK filled 3 rests 17
    book 401: C17 | 402: A5
  `),
  );

  it(
    'rest, expire, or go away as their time in force says',
    play(`
    A sell 5 @400                 -> OK rests 5
    B buy 8 @400 ioc              -> OK filled 5 cancelled 3 why NOT_FILLABLE
    book |
    A sell 5 @400                 -> OK
    B buy 8 @400 fok              -> NOT_FILLABLE
    B buy 5 @400 fok              -> OK filled 5
    B buy 5 @390 gtt:0            -> EXPIRY_PAST
    B buy 5 @390 gtt:10 as g      -> OK rests 5
    book 390: B5 |
    wait 11
    A sell 5 @390                 -> OK filled 0 rests 5 ; the expired bid is swept on the way
    book | 390: A5
  `),
  );

  it(
    'take a market order to its bound and no further',
    play(`
    A sell 5 @400                 -> OK
    A sell 5 @410                 -> OK
    B buy 8 @405 ioc market       -> OK filled 5 cancelled 3
    B buy 8 @405 market           -> BAD_FLAGS
    book | 410: A5
  `),
  );

  it(
    'keep post-only orders from taking',
    play(`
    A sell 5 @400                 -> OK
    B buy 5 @400 post             -> WOULD_TAKE
    B buy 5 @403 slide            -> OK rests 5
    book 399: B5 | 400: A5
    B buy 1 @1 slide              -> OK rests 1
    A sell 1 @399 slide           -> OK rests 1
    book 1: B1, 399: B5 | 400: A5 A1
    B buy 5 @400 post slide       -> BAD_FLAGS
    B buy 5 @400 post ioc         -> BAD_FLAGS
  `),
  );

  it(
    'only reduce when told so',
    play(`
    A sell 5 @400 reduce          -> NOTHING_TO_REDUCE
    A sell 10 @400                -> OK
    B buy 10 @400                 -> OK filled 10
    B sell 50 @405 reduce as r    -> OK rests 10
    B sell 4 @404 reduce          -> OK rests 4
    A buy 20 @404 ioc reduce      -> OK filled 4 cancelled 6
    book | 405: B10
    A buy 20 @405 reduce ioc      -> OK filled 6 cancelled 0
    book | 405: B4
    C buy 1 @405 ioc              -> OK filled 0 cancelled 1 ; nothing is left to reduce: the rest of r goes
    book |
  `),
  );

  it(
    'do not trade with themselves unless asked',
    play(`
    A sell 5 @400                 -> OK
    A buy 5 @400                  -> OK filled 0 cancelled 5 why SELF_TRADE
    book | 400: A5
    A buy 5 @400 fok              -> SELF_TRADE
    A buy 5 @400 stp:maker        -> OK filled 0 rests 5
    book 400: A5 |
    A sell 5 @400 stp:both        -> OK cancelled 5 why SELF_TRADE
    book |
    A sell 5 @400                 -> OK
    A buy 5 @400 stp:allow        -> OK filled 5
  `),
  );

  it(
    'are cancelled by id, label, or all at once, and swept later',
    play(`
    A sell 5 @400 label:7 as x    -> OK
    A sell 5 @401 label:7         -> DUPLICATE_LABEL
    B cancel x                    -> NOT_YOUR_ORDER
    A cancel-label 8              -> NO_SUCH_ORDER
    A cancel-label 7              -> OK cancelled 5
    A cancel x                    -> NO_SUCH_ORDER
    A sell 5 @401 label:7 as y    -> OK
    A sell 5 @402 as z            -> OK
    sweep y z                     -> NOTHING_TO_DO
    A cancel-all                  -> OK
    A cancel-all                  -> NOTHING_TO_DO
    A cancel y                    -> NO_SUCH_ORDER
    book | 401: A5, 402: A5       ; dead, but still in place
    A sell 3 @405 label:7         -> OK  ; the label is free at once
    sweep y                       -> OK
    B buy 9 @402                  -> OK filled 0 rests 9
    book 402: B9 | 405: A3
    A cancel-label 7              -> OK cancelled 3
    A cancel #0                   -> NO_SUCH_ORDER
  `),
  );

  it(
    'keep their place when they shrink and lose it otherwise',
    play(`
    A sell 9 @400 label:5 as x    -> OK
    B sell 5 @400                 -> OK
    A amend x 4 @400              -> OK rests 4
    book | 400: A4 B5
    A amend x 6 @400 as y         -> OK rests 6
    book | 400: B5 A6
    A amend x 1 @400              -> NO_SUCH_ORDER
    B amend y 1 @400              -> NOT_YOUR_ORDER
    A amend y 0 @400              -> BAD_QUANTITY
    A amend y 1 @0                -> BAD_PRICE
    C buy 3 @390                  -> OK
    A amend y 6 @390              -> OK filled 3 rests 3
    A cancel-label 5              -> OK
    book | 400: B5
  `),
  );

  it(
    'are refused when their numbers make no sense',
    play(`
    A buy 0 @400                  -> BAD_QUANTITY
    A buy 5000001 @1            -> BAD_QUANTITY
    A buy 1 @0                    -> BAD_PRICE
    A buy 1 @131072               -> BAD_PRICE
    A buy 1 @5000                 -> PRICE_OUTSIDE_BAND
    A sell 1 @1 in:1              -> OK ; a put of little worth
    A buy 1 @400 flags:1024       -> BAD_FLAGS
    A buy 1 @400 label:0          -> BAD_FLAGS
  `),
  );

  it('touch at most sixteen resting orders', () => {
    const scenario = new Scenario();
    for (let index = 0; index < 17; index++) scenario.play('A sell 1 @400 -> OK');
    scenario.play(`
      B buy 17 @400 fok           -> NOT_FILLABLE
      B buy 17 @400               -> OK filled 16 cancelled 1 why TOO_MANY_TOUCHES
      book | 400: A1
    `);
    for (let index = 0; index < 16; index++) scenario.play('A sell 1 @400 -> OK');
    scenario.play(`
      A cancel-all                -> OK
      B buy 1 @400 post           -> TOO_MANY_TOUCHES
    `);
  });

  it('are limited in number for each account', () => {
    const world = new World({ genesis: { maxOpenOrders: 2, flags: 0 } });
    new Scenario(world).play(`
      A sell 1 @400               -> OK
      A sell 1 @400               -> OK
      A sell 1 @400               -> TOO_MANY_ORDERS
      A buy 1 @400 stp:allow      -> BAD_FLAGS ; this genesis does not allow it
      A buy 1 @399 ioc            -> OK cancelled 1
    `);
  });
});
