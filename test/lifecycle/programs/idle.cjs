'use strict';

// idle.cjs MONITORS SAFETY_READ_MS WINDOW_MS: prints how often the reactor was woken within the
// window, and how many safety reads one monitor was told of meanwhile.

const { Fixture, load, settle, wakeUps } = require('./common.cjs');

const [count = 1, safetyReadMs = 1000, windowMs = 2000] = process.argv.slice(2).map(Number);

async function main() {
  const { EventMemoryMonitor } = load();
  const quiet = Fixture.make();
  const monitors = Array.from({ length: count }, () => new EventMemoryMonitor({ cgroup: quiet.directory, safetyReadMs }).start());
  // Is always short, so each safety read is told.
  const short = Fixture.make();
  short.usage(2_000_000);
  let ticks = 0;
  const ticking = new EventMemoryMonitor({ cgroup: short.directory, safetyReadMs }).on('breach', () => (ticks += 1)).start();
  await settle(300);
  const before = { ticks, wakeUps: wakeUps() };
  await settle(windowMs);
  console.log(JSON.stringify({ ticks: ticks - before.ticks, wakeUps: wakeUps() - before.wakeUps }));
  for (const monitor of [...monitors, ticking]) monitor.stop();
}

void main();
