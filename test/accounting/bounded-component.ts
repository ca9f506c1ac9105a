import { ComponentRegistry } from '../../lib/accounting';

/** A registry with one component, `component`, as Saluki's tests have it: its firm bytes come on top of its minimum. */
export function boundedComponent(minimumBytes: number, firmBytes: number): ComponentRegistry {
  const registry = new ComponentRegistry();
  registry.bounds.withSubcomponent('component', {
    specifyBounds(builder) {
      builder.minimum().withFixedAmount('minimum', minimumBytes);
      builder.firm().withFixedAmount('firm', firmBytes);
    },
  });
  return registry;
}
