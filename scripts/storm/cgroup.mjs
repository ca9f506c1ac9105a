import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const ROOT = '/sys/fs/cgroup';

/**
 * A cgroup with the memory controller for its children.
 * @param {string} path
 */
export function makeGroup(path) {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'cgroup.subtree_control'), '+memory');
}

/**
 * @param {string} directory
 * @param {string} file
 * @param {string} [key] of a file with `key value` or `key=value`; the whole file is one number without it
 */
export function readNumber(directory, file, key) {
  const text = readFileSync(join(directory, file), 'utf8');
  return Number(key === undefined ? text : new RegExp(`(?:^|\\s)${key}[ =](\\d+)`, 'm').exec(text)?.[1]);
}

/**
 * Milliseconds in which all of the group waited for memory.
 * @param {string} directory
 */
export const stalledMs = (directory) => Number(/^full .*total=(\d+)/m.exec(readFileSync(join(directory, 'memory.pressure'), 'utf8'))?.[1]) / 1000;

/**
 * Kills all that is in a cgroup and below, and removes the cgroups below.
 * @param {string} path
 */
export async function emptyGroup(path) {
  if (!existsSync(path)) return;
  writeFileSync(join(path, 'cgroup.kill'), '1');
  while (/^populated 1$/m.test(readFileSync(join(path, 'cgroup.events'), 'utf8'))) await delay(10);
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) await removeGroup(join(path, entry.name));
}

/** @param {string} path */
export async function removeGroup(path) {
  await emptyGroup(path);
  if (existsSync(path)) rmdirSync(path);
}
