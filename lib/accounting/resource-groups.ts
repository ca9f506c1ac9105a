import { isWithin } from './component-name';
import { ResourceGroup } from './resource-group';

/** The registered groups of one registry, by the full names of their components. */
export class ResourceGroups {
  readonly #byName = new Map<string, ResourceGroup>();

  getOrRegister(name: string): ResourceGroup {
    let group = this.#byName.get(name);
    if (group === undefined) {
      group = new ResourceGroup(name, (gone) => {
        if (this.#byName.get(name) === gone) this.#byName.delete(name);
      });
      this.#byName.set(name, group);
    }
    return group;
  }

  /** Those of `scope` and below it, by name: the root first, and each before those below it. */
  within(scope: string): ResourceGroup[] {
    return [...this.#byName.values()].filter(({ name }) => isWithin(name, scope)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
