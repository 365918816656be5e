export type {
  CommandStatus,
  DurableEntry,
  DurableEvent,
  DurableGroup,
  DurableListener,
  ExchangeApi,
  ExchangeState,
  ExchangeStatus,
  Outcome,
} from './types.ts';
export { ExchangeError } from '../errors.ts';
