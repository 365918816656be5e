/**
 * The native half of `secp256k1`, imported by its own path: the package's index falls back to a slow implementation in
 * JavaScript without saying so. @types/secp256k1 describes the index alone, which has the same functions.
 */
declare module 'secp256k1/bindings.js' {
  const addon: typeof import('secp256k1');
  export default addon;
}
