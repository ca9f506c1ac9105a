import type { Candidate } from '../policy/types';
import type { Enclosure } from './containment/types';
import { declaredMemory } from './declared-memory';
import { exitBlame, exitCause, mayBeAbort, reliefOf, retryHint, type EndFacts, type KillFacts } from './exit-cause';
import { dyingBytes, freeableBytes } from './given-back';
import type { MainEnd, MainProcess } from './main-process';
import type { WarnTarget } from './shed/warn-worker';
import type { WorkerExit } from './types';
import type { WorkerFacts, WorkerUpdate } from './worker-options';

/** A started worker: its process, what it is held in, and its end. What users get of it is `Worker`. */
export class WorkerProcess {
  /** Settles when nothing of it is left. Never rejects. */
  readonly exited: Promise<WorkerExit>;
  readonly pid: number;
  /** When it was told last to shed memory. */
  warnedAtMs = -Infinity;
  #kill: KillFacts | undefined;
  #asked: KillFacts | undefined;
  #stuck = false;
  #ended = false;
  #idle = false;
  #startedAtMs = performance.now();

  constructor(
    readonly facts: WorkerFacts,
    readonly main: MainProcess,
    readonly enclosure: Enclosure,
    /** What the native thread has killed it for, by the watch of the limit. */
    private readonly killedBy: (watch: number) => KillFacts | undefined = () => undefined,
  ) {
    this.pid = main.pid;
    this.exited = main.ended.then((end) => this.#end(end));
    enclosure.record(facts, main.pid);
  }

  /** Names it to the native thread. */
  get victim(): number | undefined {
    return this.enclosure.victim;
  }

  /** Signalled, by Spillway or through it, or ended by itself; and something of it may be left. */
  get dying(): boolean {
    return this.#ended || this.#killFacts() !== undefined;
  }

  /** What a dying worker will still give back; nothing can be hoped of one that does not die. */
  get dyingBytes(): number {
    if (this.#stuck || !this.dying) return 0;
    return dyingBytes(this.enclosure.sample()?.usage ?? {});
  }

  get stuck(): boolean {
    return this.#stuck;
  }

  markStuck(): void {
    this.#stuck = true;
  }

  /** How it is told to shed memory. */
  warnTarget(): WarnTarget {
    const { id, shed, shedMs } = this.facts;
    return { id, how: shed === 'ipc' ? 'ipc' : 'signal', shedMs, child: this.main.child, signal: (signal) => this.main.signal(signal) };
  }

  /** Asks the main process to end by itself, by SIGTERM. */
  askToEnd(why: KillFacts): void {
    if (this.#ended) return;
    this.#asked ??= why;
    this.enclosure.beforeAsking?.();
    this.main.signal('SIGTERM');
  }

  kill(why: KillFacts): void {
    // It has ended already, and nobody killed it.
    if (this.#ended) return;
    this.#kill = this.#killFacts() ?? why;
    this.enclosure.kill();
  }

  /** By the native thread. */
  wasKilled(why: KillFacts): void {
    this.#kill ??= why;
  }

  update({ idle, retriable, priority, labels }: WorkerUpdate): void {
    if (idle !== undefined) {
      if (this.#idle && !idle) this.#startedAtMs = performance.now();
      this.#idle = idle;
    }
    if (retriable !== undefined) this.facts.retriable = retriable;
    if (priority !== undefined) this.facts.priority = priority;
    if (labels !== undefined) this.facts.labels = { ...labels };
    this.enclosure.record(this.facts, this.pid);
  }

  /** What a policy sees of it, as of now. */
  candidate(): Candidate {
    const { id, group, owner, retriable, kind, priority, attempt, labels } = this.facts;
    const usage = this.enclosure.sample()?.usage ?? {};
    const declared = declaredMemory(this.facts.memory);
    return {
      id,
      pid: this.pid,
      group,
      ...(owner !== undefined && { owner }),
      retriable,
      kind,
      idle: this.#idle,
      startedAtMs: this.#startedAtMs,
      usage,
      freeableBytes: freeableBytes(usage),
      ...(priority !== undefined && { priority }),
      attempt,
      ...(labels !== undefined && { labels: { ...labels } }),
      ...(declared !== undefined && { boundBytes: declared.firmBytes }),
    };
  }

  /** The main process has ended. Whatever it left behind ends too. */
  async #end({ code, signal }: MainEnd): Promise<WorkerExit> {
    this.#ended = true;
    const { main, facts } = this;
    // Before the enclosure is gone, which knows of it.
    const kill = this.#killFacts();
    main.release();
    const last = await this.enclosure.settle(signal === 'SIGKILL' && kill === undefined);
    const end: EndFacts = {
      code,
      signal,
      kill,
      asked: this.#asked,
      aborted: main.aborted,
      heapIsFull: mayBeAbort({ code, signal }) && (await main.saidHeapIsFull()),
      kernelKilledFor: last.kernelKilledFor,
    };
    const cause = exitCause(end);
    const blame = exitBlame(cause, end);
    const relief = reliefOf(end);
    return {
      id: facts.id,
      code,
      signal,
      cause,
      ...(blame !== undefined && { blame }),
      retryHint: retryHint(cause, blame),
      ...(last.peakBytes !== undefined && { peakBytes: last.peakBytes }),
      ...(last.counters !== undefined && { counters: last.counters }),
      ...(last.leftovers !== undefined && { leftovers: last.leftovers }),
      ...(cause === 'spillway' && relief !== undefined && { reportId: relief.reportId }),
    };
  }

  #killFacts(): KillFacts | undefined {
    if (this.#kill !== undefined) return this.#kill;
    const { takenBy } = this.enclosure;
    if (takenBy !== undefined) this.#kill = this.killedBy(takenBy);
    return this.#kill;
  }
}
