/** How a command ends, and what it writes. */
export interface Outcome {
  status: 0 | 1 | 2;
  stdout: string;
  stderr: string;
}

/** Wrong use of a command: status 2, and the usage beside the reason. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
