import { SpillwayError } from '../../errors';
import type { ReliefReport } from '../types';
import { redactedLine } from './redacted-line';
import { ReportFile } from './report-file';
import { ReportHistory } from './report-history';
import type { ReportsSettings } from './reports-options';
import { TellOnce } from './tell-once';
import { textOf } from '../../text-of';

/** How long `close()` waits for the disk, in milliseconds: a disk that hangs must not hold the supervisor's end. */
const closeTimeoutMs = 2000;

/** Keeps the reports of one supervisor: the last ones in memory, and all of them in a file if it has one. */
export class Reports {
  readonly #history: ReportHistory;
  readonly #file: ReportFile | undefined;
  readonly #redactNews: TellOnce;
  #refused = 0;

  /** @param onDegraded Hears of reports that could not be written: once, until it works again. Must not throw. */
  constructor(
    private readonly settings: ReportsSettings,
    onDegraded: (error: SpillwayError) => void,
  ) {
    const { history, file, maxFileBytes } = settings;
    this.#history = new ReportHistory(history);
    this.#file = file === undefined ? undefined : new ReportFile({ path: file, maxFileBytes, onDegraded });
    this.#redactNews = new TellOnce(onDegraded);
  }

  /** Those that are kept in memory, the newest last. A later report makes another list. */
  get list(): readonly ReliefReport[] {
    return this.#history.list;
  }

  /** How many should have been written to the file and were not. */
  get notWritten(): number {
    return this.#refused + (this.#file?.lost ?? 0);
  }

  /** Never throws, and waits for nothing. */
  keep(report: ReliefReport): void {
    this.#history.keep(report);
    if (this.#file === undefined) return;
    try {
      const line = redactedLine(report, this.settings.redact);
      if (line !== undefined) this.#file.write(line);
      this.#redactNews.succeed();
    } catch (cause) {
      this.#refused++;
      this.#redactNews.fail(new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', `A relief report was not written, because the function reports.redact failed: ${textOf(cause)}`, { cause }));
    }
  }

  /** Settles when all is written, after 2 s at the latest. Never rejects; may be called twice. */
  async close(): Promise<void> {
    await this.#file?.close(closeTimeoutMs);
  }
}
