import { AsyncLocalStorage } from 'node:async_hooks';
import type { ResourceGroup } from './resource-group';

/** Made at the first use: until then no program pays for the hooks that it needs in Node 20 and 22. */
let storage: AsyncLocalStorage<ResourceGroup> | undefined;

/** Calls `work` with the group as the current one, also in whatever asynchronous work it begins. */
export function runIn<T>(group: ResourceGroup, work: () => T): T {
  storage ??= new AsyncLocalStorage();
  return storage.run(group, work);
}

/**
 * The group that this code runs for: that of the innermost `group.run()` around it, or around the code that has begun
 * this asynchronous work. `undefined` outside of any. So a library can allocate for whoever calls it:
 * `currentGroup()?.allocate(bytes) ?? Buffer.allocUnsafeSlow(bytes)`.
 */
export function currentGroup(): ResourceGroup | undefined {
  return storage?.getStore();
}
