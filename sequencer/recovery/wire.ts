/** digest 32, signature 64. */
export const JOB_BYTES = 96;
/** Address zero stands for "no address recovers": nobody can sign for it. */
export const ADDRESS_BYTES = 20;
