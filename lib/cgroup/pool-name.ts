import { invalidOption, parseName } from '../options';

/** The name of a pool, which becomes a directory of the base. @throws ERR_SPILLWAY_INVALID_OPTION */
export function parsePoolName(value: unknown): string {
  const name = parseName('name', value);
  if (name === 'supervisor') throw invalidOption('name', value, "another name than 'supervisor', which is the supervisor's own cgroup");
  return name;
}
