import { SpillwayError } from '../errors';
import { textOf } from '../text-of';
import { isRequest, type FailureMessage, type FromProcess } from './process-messages';

/**
 * In a module that `WarmProcesses` runs: says that it is ready, and has each request answered by what the handler returns. What it
 * throws rejects that request, and the process goes on.
 *
 * @throws {SpillwayError} `ERR_SPILLWAY_UNSUPPORTED` in a process without an IPC channel
 */
export function answerRequests(handler: (body: unknown) => unknown): void {
  const send = process.send?.bind(process);
  if (send === undefined) throw new SpillwayError('ERR_SPILLWAY_UNSUPPORTED', 'This process has no IPC channel: have WarmProcesses start the module');
  // Whom it answers may be gone: then there is nobody to tell.
  const say = (message: FromProcess): void => void send(message, () => undefined);
  const answer = async (id: number, body: unknown): Promise<void> => {
    try {
      say({ spillway: 'answer', id, body: await handler(body) });
    } catch (error) {
      say({ spillway: 'failure', id, error: failureOf(error) });
    }
  };
  process.on('message', (message) => {
    if (isRequest(message)) void answer(message.id, message.body);
  });
  say({ spillway: 'ready' });
}

function failureOf(error: unknown): FailureMessage {
  if (!(error instanceof Error)) return { name: 'Error', message: textOf(error), stack: undefined };
  return { name: textOf(error.name), message: textOf(error.message), stack: error.stack };
}
