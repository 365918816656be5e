import { WALLETS } from '#prover/testing/scene.ts';
import { OK } from '#shared/engine/codes.ts';
import { MAX_COMMAND_BYTES, SEGMENT_BYTES } from '#shared/engine/layout.ts';
import { ROOT_BYTES, type SegmentContent } from '#shared/protocol/batch.ts';
import { ByteWriter, concatBytes } from '#shared/protocol/bytes.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import type { Draft, Lie, Posting } from '../lie.ts';
import { trade } from './trade.ts';

const ZERO = new Uint8Array(ROOT_BYTES);
const USDC = 1_000_000n;

/** A segment's bytes as given, whatever they are, behind their true length. */
const framed = (bytes: Uint8Array) => new ByteWriter(64).u16be(bytes.length).bytes(bytes).finish();

function commandsOf(commands: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...commands.map(framed));
}

/** No limit is looked at: that is left to who reads it. */
function encode({ commands, root }: SegmentContent): Uint8Array {
  return framed(concatBytes(commandsOf(commands), root));
}

/** The batch with other bytes in the place of the told segment. */
function instead(draft: Draft, change: (told: SegmentContent) => Uint8Array): Posting {
  const data = draft.segments.map((one, at) => (at === draft.told ? change(one) : encode(one)));
  return { header: draft.header, data: concatBytes(...data) };
}

/** The batch with bytes behind it, or in the place of what follows the told segment. */
function after(draft: Draft, bytes: Uint8Array): Posting {
  return { header: draft.header, data: concatBytes(...draft.segments.map(encode), bytes) };
}

/** The batch with bytes in front of the told segment. */
function inside(draft: Draft, bytes: Uint8Array): Posting {
  const data = draft.segments.map(encode);
  data.splice(draft.told, 0, bytes);
  return { header: draft.header, data: concatBytes(...data) };
}

const plain = {
  tell: trade,
  answers: { honest: OK, lying: OK },
  finding: 'SEGMENT_ROOT',
  where: 'told',
  words: [/order OK, order OK, cancel OK/],
} as const;

const undecodable = {
  ...plain,
  where: 'appended',
  words: [/cannot be decoded there/],
} as const;

/** Lies about roots: the commands are true. */
const rootLies: readonly Lie[] = [
  {
    ...plain,
    name: 'wrong-root',
    description: 'Claims a root with one bit changed, in the middle of a batch.',
    post: (draft) =>
      instead(draft, ({ commands, root }) => {
        const wrong = root.slice();
        wrong[7] = (wrong[7] as number) ^ 1;
        return encode({ commands, root: wrong });
      }),
  },
  {
    ...plain,
    name: 'garbage-root',
    description: 'Claims noise as the final root.',
    post: (draft) => {
      const last = draft.segments.at(-1) as SegmentContent;
      const noise = { commands: last.commands, root: keccak256(last.root) };
      return {
        header: draft.header,
        data: concatBytes(...draft.segments.slice(0, -1).map(encode), encode(noise)),
      };
    },
    where: 'last',
    words: [/clock OK/],
  },
  {
    ...plain,
    name: 'zero-root',
    description: 'Claims zero as the final root.',
    post: (draft) => {
      const last = draft.segments.at(-1) as SegmentContent;
      const zero = { commands: last.commands, root: ZERO };
      return {
        header: draft.header,
        data: concatBytes(...draft.segments.slice(0, -1).map(encode), encode(zero)),
      };
    },
    where: 'last',
    words: [/claimed as 0x0{64}/],
  },
  {
    ...plain,
    name: 'empty-segment-root',
    description: 'Moves the root by a segment without commands.',
    post: (draft) => after(draft, encode({ commands: [], root: keccak256(ZERO) })),
    finding: 'EMPTY_SEGMENT_ROOT',
    where: 'appended',
    words: [/without commands must keep the root/],
  },
];

/** What is wrong in the middle of a batch that ends well: only its segment proves it, not the header. */
const insideLies: readonly Lie[] = [
  {
    ...plain,
    name: 'zero-root-inside',
    description: 'Claims zero as a root in the middle of a batch.',
    post: (draft) => instead(draft, ({ commands }) => encode({ commands, root: ZERO })),
    words: [/claimed as 0x0{64}/],
  },
  {
    ...plain,
    name: 'empty-segment-inside',
    description: 'Moves the root by a segment without commands, and back.',
    post: (draft) => inside(draft, encode({ commands: [], root: keccak256(ZERO) })),
    finding: 'EMPTY_SEGMENT_ROOT',
    words: [/without commands must keep the root/],
  },
  {
    ...plain,
    name: 'short-segment-inside',
    description: 'Posts a segment too short for a root in the middle of a batch.',
    post: (draft) => inside(draft, Uint8Array.of(0, 3, 0, 1, 5)),
    words: [/too short to hold a root/],
  },
];

/** Lies about which commands ran. */
const commandLies: readonly Lie[] = [
  {
    ...plain,
    name: 'leave-out-command',
    description: 'Runs a command that it does not post.',
    post: (draft) =>
      instead(draft, ({ commands, root }) => encode({ commands: commands.slice(1), root })),
    words: [/Its 2 commands answer in a true replay: order OK, cancel NOT_YOUR_ORDER/],
  },
  {
    ...plain,
    name: 'reorder-commands',
    description: 'Posts commands in another order than it ran them.',
    post: (draft) =>
      instead(draft, ({ commands: [first, second, ...rest], root }) =>
        encode({ commands: [second, first, ...rest] as Uint8Array[], root }),
      ),
    words: [/order OK, order OK, cancel NO_SUCH_ORDER/],
  },
  {
    ...plain,
    name: 'cut-command',
    description:
      "Cuts the last bytes off a segment's last command, so that it is malformed, and claims the whole one's root.",
    post: (draft) =>
      instead(draft, ({ commands, root }) =>
        framed(concatBytes(commandsOf(commands).slice(0, -5), root)),
      ),
    words: [/order OK, order OK, malformed UNKNOWN_KIND/],
  },
  {
    ...plain,
    name: 'crowded-segment',
    description: 'Packs more than sixteen commands into one segment, as if all of them counted.',
    tell: ({ world }) => {
      for (let count = 0; count < 16; count++) world.clock(world.nowMs + 1);
      return OK;
    },
    post: async (draft, { exchange }) => {
      await exchange.pass(1);
      const segments = [...draft.segments];
      const both = segments.splice(draft.told, 2);
      const root = (both[1] as SegmentContent).root;
      const crowded = { commands: both.flatMap(({ commands }) => commands), root };
      segments.splice(draft.told, 0, crowded);
      return { header: draft.header, data: concatBytes(...segments.map(encode)) };
    },
    words: [/(clock OK, ){16}malformed /],
  },
  {
    ...plain,
    name: 'long-command',
    description: 'Counts a command of more than 4,096 bytes as what its first bytes say.',
    post: (draft) =>
      instead(draft, ({ commands, root }) => {
        const last = commands.at(-1) as Uint8Array;
        const long = concatBytes(last, new Uint8Array(MAX_COMMAND_BYTES));
        return encode({ commands: [...commands.slice(0, -1), long], root });
      }),
    words: [/order OK, order OK, malformed MALFORMED/],
  },
  {
    ...plain,
    name: 'malformed-consume',
    description:
      'Takes a last single byte, which is malformed, for the command to consume a deposit.',
    prepare: async ({ exchange }) => {
      await exchange.deposit(WALLETS.other, 1_000n * USDC, false);
    },
    tell: ({ exchange }) => exchange.consume(),
    post: (draft) => instead(draft, ({ root }) => framed(concatBytes(Uint8Array.of(1), root))),
    words: [/malformed /],
  },
];

/** Data that is no sequence of segments. Whatever it is, it has a meaning. */
const formLies: readonly Lie[] = [
  {
    ...undecodable,
    name: 'trailing-byte',
    description: 'Posts a byte too many.',
    post: (draft) => after(draft, Uint8Array.of(0)),
  },
  {
    ...undecodable,
    name: 'truncated-segment',
    description: 'Posts a last segment that is longer than the data.',
    post: (draft) =>
      after(draft, new ByteWriter(64).u16be(500).bytes(new Uint8Array(80).fill(7)).finish()),
  },
  {
    ...undecodable,
    name: 'oversize-segment',
    description: 'Posts a segment of more than 16 KiB.',
    post: (draft) => {
      const bytes = SEGMENT_BYTES + 1;
      return after(
        draft,
        new ByteWriter(64).u16be(bytes).bytes(new Uint8Array(bytes).fill(3)).finish(),
      );
    },
  },
  {
    ...undecodable,
    name: 'short-segment',
    description: 'Posts a segment too short for a root.',
    post: (draft) => after(draft, Uint8Array.of(0, 3, 0, 1, 5)),
    words: [/too short to hold a root/],
  },
  {
    ...undecodable,
    name: 'nothing-segment',
    description: 'Posts a segment of no bytes.',
    post: (draft) => after(draft, Uint8Array.of(0, 0)),
    finding: 'EMPTY_SEGMENT_ROOT',
    words: [/too short to hold a root/],
  },
  {
    ...plain,
    name: 'missing-root',
    description:
      'Leaves the root of a segment out, so that its last 32 bytes of commands stand in its place.',
    post: (draft) => instead(draft, ({ commands }) => framed(commandsOf(commands))),
    words: [/malformed /],
  },
];

export const dataLies: readonly Lie[] = [...rootLies, ...insideLies, ...commandLies, ...formLies];
