/**
 * AssemblyScript's names for numbers, for the files that TypeScript imports as they are (`layout.ts`, `kinds.ts`, `codes.ts`).
 * Only the widths that a JavaScript number holds exactly: a 64-bit constant there would silently be wrong, so it does not compile.
 */
type i8 = number;
type u8 = number;
type i16 = number;
type u16 = number;
type i32 = number;
type u32 = number;
type isize = number;
type usize = number;
