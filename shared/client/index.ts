/** The SDK's front door. */

export type {
  BidRequest,
  CommonRequest,
  EditRequest,
  OrderRequest,
  SetKeyRequest,
} from './actions.ts';
export * from './api.ts';
export {
  type ClientDependencies,
  type ClientOptions,
  PlimsollClient,
} from './client.ts';
export { ApiError } from './errors.ts';
export { LocalBook } from './local-book.ts';
export { privateKeySigner, type Signer, viemSigner } from './signer.ts';
