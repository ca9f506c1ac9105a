import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { checkedOwner, ownerIsGone, ownerText } from '../../lib/process/owner';

it('names this process and the run', () => {
  expect(checkedOwner(ownerText('f00'))).toBe(`process ${process.pid}, run f00`);
  expect(ownerIsGone(ownerText('f00'))).toBe(false);
});

it('is gone when its process has ended', async () => {
  const child = spawn('true');
  const text = `process ${String(child.pid)}, run f00`;
  await once(child, 'exit');
  expect(ownerIsGone(text)).toBe(true);
});

it.each([undefined, '', 'process x, run f00', 'process 7', 'process 99999999, run f00\nERROR', { errno: 95 }])('of %p nobody can tell', (text) => {
  expect([checkedOwner(text), ownerIsGone(text)]).toEqual([undefined, false]);
});
