/** Places an order: `PLIMSOLL_KEY=0x… npx tsx shared/client/example.ts [url]`, with the key of a funded owner. */
import { PlimsollClient } from '#shared/client/index.ts';

const url = process.argv[2] ?? 'http://127.0.0.1:8700';
const client = await PlimsollClient.create({
  url,
  signer: process.env.PLIMSOLL_KEY as `0x${string}`,
});

const [account] = await client.getAccountsByOwner(client.address ?? '');
if (!account) throw new Error('This key owns no account: deposit on L1 first.');

const [instrument] = await client.getInstruments({ underlying: 'BTC' });
if (!instrument) throw new Error('No option on BTC is listed yet.');
const order = await client.buy({
  account: account.account,
  instrument_name: instrument.instrument_name,
  amount: instrument.min_amount,
  price: instrument.tick_size,
});
console.log(`${order.state}: order ${order.order_id}, durable as command ${order.sequence}`);
client.close();
