import type { PlimsollClient } from '#shared/client/index.ts';
import {
  type DigestSigner,
  nativeDigestSigner,
  portableDigestSigner,
} from '#shared/client/signer.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { riskRequestDigest } from '#shared/protocol/typed-data.ts';
import { MonitorError } from './errors.ts';
import type { RiskRequest } from './requests.ts';

/** Brings requests to the engine. */
export interface RequestSender {
  /** Resolves once the request is in force. @throws ApiError with the engine's or the connection's code */
  send(request: RiskRequest): Promise<void>;
}

/** Signs with the monitor's key and submits over the exchange's own API; anybody else could carry the same bytes, through L1 too. */
export class ApiSender implements RequestSender {
  readonly address: string;
  readonly #client: PlimsollClient;
  readonly #signer: DigestSigner;

  private constructor(client: PlimsollClient, signer: DigestSigner) {
    this.#client = client;
    this.#signer = signer;
    this.address = bytesToHex(keccak256(signer.publicKey.subarray(1)).slice(12));
  }

  /** @param key 32 bytes, of the address that genesis names as the risk monitor */
  static async create(client: PlimsollClient, key: Uint8Array): Promise<ApiSender> {
    return new ApiSender(client, (await nativeDigestSigner(key)) ?? portableDigestSigner(key));
  }

  async send(request: RiskRequest): Promise<void> {
    const { domain, underlyings } = await this.#client.getContract();
    const terms = underlyings.find(({ underlying }) => underlying === request.underlying);
    if (terms === undefined) {
      throw new MonitorError(
        'WRONG_EXCHANGE',
        `This exchange has no ${request.underlying}. Check --url.`,
      );
    }
    const { multiplier, sequence, reason } = request;
    const untilMs = BigInt(Math.floor(request.untilMs));
    const signed = { underlying: request.underlying, multiplier, untilMs, sequence, reason };
    const signature = this.#signer.signDigest(riskRequestDigest(signed, hexToBytes(domain)));
    await this.#client.submit(
      encodeCommand({
        ...{ kind: 'riskRequest', underlying: terms.index },
        ...{ multiplier, untilMs, sequence, reason, signature },
      }),
    );
  }
}
