import { SpillwayError } from '../errors';

export function closedError(): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_STOPPED', 'The cache was closed; make a new one');
}

export function tooLateError(): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_STOPPED', 'The cache was closed while this instance was in use; it was given up');
}

export function isLoaderError(error: unknown): boolean {
  return error instanceof SpillwayError && error.code.startsWith('ERR_SPILLWAY_LOADER_');
}
