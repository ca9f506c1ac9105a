/** What goes over the IPC channel between `WarmProcesses` and `answerRequests()`. */
export interface ToProcess {
  readonly spillway: 'request';
  readonly id: number;
  readonly body: unknown;
}

export type FromProcess =
  | { readonly spillway: 'ready' }
  | { readonly spillway: 'answer'; readonly id: number; readonly body: unknown }
  | { readonly spillway: 'failure'; readonly id: number; readonly error: FailureMessage };

/** An error in parts that any serialization takes. */
export interface FailureMessage {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

export function isRequest(message: unknown): message is ToProcess {
  return isOurs(message) && message['spillway'] === 'request' && typeof message['id'] === 'number';
}

/** A process may send anything: what is not ours is left to its user. */
export function isFromProcess(message: unknown): message is FromProcess {
  if (!isOurs(message)) return false;
  if (message['spillway'] === 'ready') return true;
  if (typeof message['id'] !== 'number') return false;
  return message['spillway'] === 'answer' || (message['spillway'] === 'failure' && isOurs(message['error'], 'name', 'message'));
}

function isOurs(value: unknown, ...texts: string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return texts.every((name) => typeof (value as Record<string, unknown>)[name] === 'string');
}
