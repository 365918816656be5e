/** EIP-7825, from Osaka on: no transaction may use more, whatever the block would hold. */
export const MAX_TRANSACTION_GAS = 16_777_216n;

/**
 * A gas limit for an estimate: `percent` more, since what a transaction meets may differ from what the estimate met, and never above the
 * limit of a transaction.
 */
export function gasWithMargin(estimate: bigint, percent: bigint): bigint {
  const generous = estimate + (estimate * percent + 99n) / 100n;
  return generous < MAX_TRANSACTION_GAS ? generous : MAX_TRANSACTION_GAS;
}
