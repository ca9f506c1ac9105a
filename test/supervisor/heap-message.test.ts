import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { HeapMessage } from '../../lib/supervisor/heap-message';
import { until, useStrays, useSupervisors } from '../support/containment';

const said = 'JavaScript heap out of memory';
const strays = useStrays();
const supervising = useSupervisors();
const exhausted = ['--max-old-space-size=20', '-e', 'const all = []; for (;;) all.push(new Array(1000).fill({}))'];

function stderrOf({ stderr }: ChildProcess): Readable {
  if (stderr === null) throw new Error('it is not piped');
  return stderr;
}

function listen(): { stderr: PassThrough; message: HeapMessage } {
  const stderr = new PassThrough();
  const message = HeapMessage.of({ stderr } as unknown as ChildProcess);
  if (message === undefined) throw new Error('it does not listen');
  return { stderr, message };
}

it('cannot tell where stderr is not piped', () => {
  expect(HeapMessage.of({ stderr: null } as unknown as ChildProcess)).toBeUndefined();
});

it.each([
  ['in one piece', [`FATAL ERROR: Allocation failed - ${said}\n`], true],
  ['in two', [`FATAL ERROR: ${said.slice(0, 11)}`, `${said.slice(11)}\n`], true],
  ['byte by byte', Array.from(said), true],
  ['after much else', ['x'.repeat(200_000), 'ü', said], true],
  ['not at all', [said.slice(1), said.slice(0, -1), '!'], false],
])('hears it %s', async (_what, pieces, heard) => {
  const { stderr, message } = listen();
  for (const piece of pieces) stderr.push(Buffer.from(piece));
  stderr.push(null);
  stderr.resume();
  expect(await message.wasSaid()).toBe(heard);
});

it('waits for what is on its way', async () => {
  const { stderr, message } = listen();
  const answer = message.wasSaid();
  stderr.push(Buffer.from(said));
  stderr.push(null);
  stderr.resume();
  expect(await answer).toBe(true);
  expect(stderr.listenerCount('end') + stderr.listenerCount('close')).toBe(new PassThrough().listenerCount('end') + new PassThrough().listenerCount('close'));
});

it('waits no longer than its time for a stream that stays open, and not at all for one that is destroyed', async () => {
  jest.useFakeTimers();
  try {
    const answer = listen().message.wasSaid();
    jest.advanceTimersByTime(1000);
    expect(await answer).toBe(false);
    const { stderr, message } = listen();
    stderr.destroy();
    expect(await message.wasSaid()).toBe(false);
  } finally {
    jest.useRealTimers();
  }
});

const readers: Readonly<Record<string, (stderr: Readable) => Promise<string>>> = {
  flowing: async (stderr) => {
    let text = '';
    stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await once(stderr, 'end');
    return text;
  },
  paused: async (stderr) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stderr) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  },
  piped: async (stderr) => {
    const chunks: Buffer[] = [];
    const sink = stderr.pipe(new PassThrough()).on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(sink, 'end');
    return Buffer.concat(chunks).toString();
  },
};

it.each(Object.entries(readers))('takes nothing from a reader: %s', async (_mode, read) => {
  const child = strays.start('sh', ['-c', `printf 'first ü\\n' >&2; printf '%s' '${said}' >&2; head -c 300000 /dev/zero | tr '\\0' x >&2`], { stdio: ['ignore', 'ignore', 'pipe'] });
  const message = HeapMessage.of(child);
  const text = await read(stderrOf(child));
  expect(text === `first ü\n${said}${'x'.repeat(300_000)}`).toBe(true);
  expect(await message?.wasSaid()).toBe(true);
});

describe('as the cause of an end', () => {
  it.each([...Object.keys(readers), 'never read'])('a full heap, stderr %s', async (mode) => {
    const supervisor = await supervising.create();
    const worker = await supervisor.spawn(process.execPath, exhausted, { stdio: ['ignore', 'ignore', 'pipe'] });
    const text = readers[mode]?.(stderrOf(worker.process));
    expect(await worker.exited).toMatchObject({ signal: 'SIGABRT', cause: 'v8-heap', retryHint: 'bigger' });
    if (text !== undefined) expect(await text).toContain(said);
  }, 30_000);

  it('a full heap with stderr elsewhere is a signal', async () => {
    const supervisor = await supervising.create();
    const worker = await supervisor.spawn(process.execPath, exhausted, { stdio: 'ignore' });
    expect(await worker.exited).toMatchObject({ signal: 'SIGABRT', cause: 'signal', retryHint: 'no' });
  }, 30_000);

  it('another abort is a signal', async () => {
    const supervisor = await supervising.create();
    const worker = await supervisor.spawn(process.execPath, ['-e', 'process.abort()'], { stdio: ['ignore', 'ignore', 'pipe'] });
    expect(await worker.exited).toMatchObject({ signal: 'SIGABRT', cause: 'signal' });
  }, 30_000);

  it('the words alone are no cause', async () => {
    const supervisor = await supervising.create();
    const worker = await supervisor.spawn('sh', ['-c', `echo ${said} >&2; kill -TERM $$`], { stdio: ['ignore', 'ignore', 'pipe'] });
    await until('its end', () => worker.process.signalCode !== null);
    expect(await worker.exited).toMatchObject({ signal: 'SIGTERM', cause: 'signal' });
  });
});
