import type { SpillwayError } from '../../errors';

/** Tells of a trouble when it begins, and not again before it was over: a full disk is one piece of news, not one per report. */
export class TellOnce {
  #troubled = false;

  constructor(private readonly tell: (error: SpillwayError) => void) {}

  fail(error: SpillwayError): void {
    if (this.#troubled) return;
    this.#troubled = true;
    this.tell(error);
  }

  /** It works (again). */
  succeed(): void {
    this.#troubled = false;
  }
}
