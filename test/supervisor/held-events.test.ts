import { spawn, type ChildProcess } from 'node:child_process';

import { HeldEvents } from '../../lib/supervisor/held-events';

/** A program that has ended, and whose end Node has noticed, before anybody listens. */
async function ended(...script: string[]): Promise<{ child: ChildProcess; held: HeldEvents }> {
  const child = spawn('sh', ['-c', ...script]);
  const held = new HeldEvents(child);
  await held.exited;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { child, held };
}

test('events and output of a program that has ended come when they are released', async () => {
  const { child, held } = await ended('echo out; exit 3');
  held.release();
  const seen: unknown[] = [];
  for (const event of ['spawn', 'exit', 'close']) child.on(event, (...args) => seen.push([event, ...(args as unknown[])]));
  for (const event of ['data', 'end', 'close']) child.stdout?.on(event, (data?: Buffer) => seen.push([`stdout ${event}`, data?.toString()]));
  child.stderr?.on('end', () => seen.push(['stderr end']));
  await new Promise((resolve) => child.once('close', resolve));
  expect(seen[0]).toEqual(['spawn']);
  expect(seen).toContainEqual(['exit', 3, null]);
  expect(seen.slice(-2)).toContainEqual(['close', 3, null]); // in the midst of the last stream's own
  expect(seen).toContainEqual(['stdout data', 'out\n']);
  expect(seen).toContainEqual(['stdout end', undefined]);
  expect(seen).toContainEqual(['stderr end']);
  expect(Object.keys(child)).not.toContain('emit');
  expect(child.stdio).toHaveLength(3);
});

test('output that nobody reads is thrown away, as Node does, so that close comes', async () => {
  const { child, held } = await ended('echo out');
  held.release();
  await new Promise((resolve) => child.once('close', resolve));
  expect(child.stdout?.readableEnded).toBe(true);
});

test("dropped: Node's own listeners run, nobody else's", async () => {
  const controller = new AbortController();
  const child = spawn('spillway-no-such-program', [], { signal: controller.signal, timeout: 60_000 });
  const held = new HeldEvents(child);
  await expect(held.failed).resolves.toMatchObject({ code: 'ENOENT' });
  held.drop();
  expect(child.listenerCount('exit')).toBe(0);
  controller.abort();
});
