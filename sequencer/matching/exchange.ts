export { ExchangeError } from '../errors.ts';
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
