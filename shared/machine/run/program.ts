import type { Program } from '#shared/machine/program/program.ts';

/** What the machine needs to know of a program. */
export type RunnableProgram = Pick<
  Program,
  'code' | 'entries' | 'globals' | 'pages' | 'maxPages' | 'data'
> &
  Partial<Pick<Program, 'start' | 'refused'>>;
