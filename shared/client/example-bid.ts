/** Bids in the open auctions at 90 % or less: `PLIMSOLL_KEY=0x… npx tsx shared/client/example-bid.ts [url]`. */
import { ApiError, PlimsollClient } from '#shared/client/index.ts';

const url = process.argv[2] ?? 'http://127.0.0.1:8700';
const client = await PlimsollClient.create({
  url,
  signer: process.env.PLIMSOLL_KEY as `0x${string}`,
});

const [own] = await client.getAccountsByOwner(client.address ?? '');
if (!own) throw new Error('This key owns no account: deposit on L1 first.');

for (const { account, share, price } of await client.getAuctions()) {
  console.log(`account ${account}: ${share} of it for sale at ${price} of its equity`);
  try {
    const bid = { account: own.account, auction: account, share, limit_price: '0.9' };
    const taken = await client.bid(bid);
    const names = taken.positions.map((one) => `${one.amount} ${one.instrument_name}`);
    console.log(
      `took ${taken.share} at ${taken.price}: ${names.join(', ')}, and ${taken.discount}`,
    );
  } catch (error) {
    // PRICE_ABOVE_LIMIT: not that low yet. INSUFFICIENT_MARGIN: too much for us; a smaller share may do.
    if (!(error instanceof ApiError)) throw error;
    console.log(`${error.code}: ${error.message}`);
  }
}
client.close();
