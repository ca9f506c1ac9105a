import { SpillwayError } from '../../errors';
import { formatBytes } from '../../format-bytes';
import { quote } from '../../options';
import { appendLine } from './append-line';
import { reportFileError } from './report-file-error';
import { TellOnce } from './tell-once';

/** So many lines wait at most for a disk that hangs, and of so many characters together. */
const maxWaitingLines = 256;
const maxWaitingLength = 16 * 2 ** 20;

export interface ReportFileOptions {
  path: string;
  /** Before the file grows beyond it, it becomes `PATH.1`, in the place of an older one: two files at most. */
  maxFileBytes: number;
  onDegraded: (error: SpillwayError) => void;
  /** Tests have their own. */
  append?: typeof appendLine;
}

/**
 * A file of reports, one line each. Nothing here blocks the event loop, throws or rejects: what cannot be written is
 * counted, and told once until it works again.
 */
export class ReportFile {
  /** Lines that were given up. */
  lost = 0;
  readonly #waiting: string[] = [];
  #waitingLength = 0;
  #writing: Promise<void> | undefined;
  #closed = false;
  readonly #news: TellOnce;

  constructor(private readonly options: ReportFileOptions) {
    this.#news = new TellOnce(options.onDegraded);
  }

  /** Queues a line, without its end. */
  write(line: string): void {
    const refusal = this.#refusal(line);
    if (refusal !== undefined) {
      this.lost++;
      this.#news.fail(new SpillwayError('ERR_SPILLWAY_SYSTEM_LIMIT', `A relief report was not written to ${quote(this.options.path)}: ${refusal}`));
      return;
    }
    this.#waiting.push(line);
    this.#waitingLength += line.length;
    this.#writing ??= this.#writeAll();
  }

  /** Waits until all is written, for `timeoutMs` at most; what is not begun by then is given up. Later lines are, too. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([this.#writing, timeout]);
    clearTimeout(timer);
    this.lost += this.#waiting.length;
    this.#waiting.length = 0;
  }

  #refusal(line: string): string | undefined {
    const { maxFileBytes } = this.options;
    if (this.#closed) return 'the supervisor is closed';
    if (Buffer.byteLength(line) >= maxFileBytes) return `it is larger than maxFileBytes (${formatBytes(maxFileBytes)})`;
    const isFull = this.#waiting.length >= maxWaitingLines || this.#waitingLength + line.length > maxWaitingLength;
    return isFull ? `${this.#waiting.length} others wait for the disk, which does not answer` : undefined;
  }

  async #writeAll(): Promise<void> {
    const { path, maxFileBytes, append = appendLine } = this.options;
    for (let line = this.#waiting.shift(); line !== undefined; line = this.#waiting.shift()) {
      try {
        await append(path, line, maxFileBytes);
        this.#news.succeed();
      } catch (cause) {
        this.lost++;
        this.#news.fail(reportFileError(path, cause));
      }
      this.#waitingLength -= line.length;
    }
    this.#writing = undefined;
  }
}
