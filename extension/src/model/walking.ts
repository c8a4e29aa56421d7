import type { ILayout } from './layered';

interface IEnds {
  readonly source: string;
  readonly target: string;
}

/** The node of a layered graph that a key leads to from `here`, if there is one. */
export function step(key: string, here: string, layout: ILayout, edges: readonly IEnds[]): string | null {
  const place = layout.places.get(here);
  if (!place) {
    return layout.layers[0]?.[0] ?? null;
  }
  const layer = layout.layers[place.layer];
  const at = layer.indexOf(here);
  switch (key) {
    case 'ArrowUp':
      return layer[at - 1] ?? null;
    case 'ArrowDown':
      return layer[at + 1] ?? null;
    case 'ArrowLeft':
      return nearest(here, layout, edges, 'target', 'source');
    case 'ArrowRight':
      return nearest(here, layout, edges, 'source', 'target');
    case 'Home':
      return layout.layers[0][0];
    case 'End':
      return layout.layers[layout.layers.length - 1][0];
    default:
      return null;
  }
}

function nearest(
  id: string,
  layout: ILayout,
  edges: readonly IEnds[],
  from: keyof IEnds,
  to: keyof IEnds
): string | null {
  const y = (other: string) => layout.places.get(other)?.y ?? 0;
  const [first] = edges
    .filter(edge => edge[from] === id)
    .map(edge => edge[to])
    .sort((a, b) => Math.abs(y(a) - y(id)) - Math.abs(y(b) - y(id)));
  return first ?? null;
}
