// What the modules of the sequencer import as everybody's engine is, in a lying process, the file beside this one. Nothing in the
// sequencer knows of it.
const ENGINE_MODULE = '#shared/host/wasm-file.ts';
const SEQUENCER = new URL('../../../sequencer/', import.meta.url).href;
const REPLACEMENT = new URL('./wasm-file.ts', import.meta.url).href;

/** Called by Node for every import. */
export async function resolve(specifier, context, nextResolve) {
  const bySequencer = context.parentURL?.startsWith(SEQUENCER) ?? false;
  return nextResolve(specifier === ENGINE_MODULE && bySequencer ? REPLACEMENT : specifier, context);
}
