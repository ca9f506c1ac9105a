import { runApart } from '../support/fixture-pool';

const start = `
  const { closeOnSignals } = lib('supervisor/close-on-signals');
  const hold = setInterval(() => 0, 1e6);
  let calls = 0;
  const close = async () => { console.log('closed', ++calls); };`;
/** What it prints, and what ended it. */
async function run(body: string): Promise<unknown> {
  const outcome: unknown = await runApart(start + body).catch((error: unknown) => error);
  return typeof outcome === 'string' ? [outcome, null] : [(outcome as { stdout: string }).stdout, (outcome as { signal: string }).signal];
}

it.each([
  ['closes once, and lets the signal do its work', `closeOnSignals(['SIGTERM', 'SIGINT'], close); process.kill(process.pid, 'SIGTERM'); process.kill(process.pid, 'SIGTERM');`, ['closed 1\n', 'SIGTERM']],
  ['also when closing fails', `closeOnSignals(['SIGINT'], async () => { throw new Error('no'); }); process.kill(process.pid, 'SIGINT');`, ['', 'SIGINT']],
  ['two supervisors close both', `closeOnSignals(['SIGTERM'], close); closeOnSignals(['SIGTERM'], close); process.kill(process.pid, 'SIGTERM');`, ['closed 1\nclosed 2\n', 'SIGTERM']],
  ['leaves the end to a program that handles it', `process.on('SIGTERM', () => setTimeout(() => { console.log('mine'); clearInterval(hold); }, 20)); closeOnSignals(['SIGTERM'], close); process.kill(process.pid, 'SIGTERM');`, ['closed 1\nmine\n', null]],
  ['disposed, it is not there', `closeOnSignals(['SIGTERM'], close)[Symbol.dispose](); console.log(process.listenerCount('SIGTERM')); clearInterval(hold);`, ['0\n', null]],
])('%s', async (_what, body, outcome) => {
  expect(await run(body)).toEqual(outcome);
}, 20_000);
