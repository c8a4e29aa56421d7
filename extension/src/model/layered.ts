/** Size of a node and the gaps between them. */
export interface IMeasure {
  readonly width: number;
  readonly height: number;
  readonly across: number;
  readonly down: number;
}

export interface IPlace {
  readonly id: string;
  readonly layer: number;
  readonly x: number;
  readonly y: number;
}

export interface ILayout {
  readonly places: ReadonlyMap<string, IPlace>;
  /** The nodes of each layer from top to bottom, layers from left to right. */
  readonly layers: readonly (readonly string[])[];
  readonly width: number;
  readonly height: number;
}

interface IEnds {
  readonly source: string;
  readonly target: string;
}

const SWEEPS = 6;

/**
 * Place a directed graph in layers from left to right: a node stands right of everything that leads to it, as near
 * as possible to what it leads to; within a layer the order follows the neighbours (barycentres, a few sweeps).
 */
export function layered(ids: readonly string[], edges: readonly IEnds[], measure: IMeasure): ILayout {
  const known = new Set(ids);
  const used = forward(
    ids,
    edges.filter(edge => known.has(edge.source) && known.has(edge.target) && edge.source !== edge.target)
  );
  const depth = depths(ids, used);
  const layers: string[][] = [];
  for (const id of ids) {
    (layers[depth.get(id) ?? 0] ??= []).push(id);
  }
  const full = Array.from(layers, layer => layer ?? []).filter(layer => layer.length > 0);
  order(full, used);
  return place(full, measure);
}

function grouped(edges: readonly IEnds[], from: keyof IEnds, to: keyof IEnds): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const edge of edges) {
    const list = found.get(edge[from]);
    if (list) {
      list.push(edge[to]);
    } else {
      found.set(edge[from], [edge[to]]);
    }
  }
  return found;
}

/** Leave out the edges that close a circle. */
function forward(ids: readonly string[], edges: readonly IEnds[]): IEnds[] {
  const next = grouped(edges, 'source', 'target');
  const state = new Map<string, 'open' | 'done'>();
  const back = new Set<string>();
  for (const first of ids) {
    const stack: [string, number][] = state.has(first) ? [] : [[first, 0]];
    while (stack.length) {
      const top = stack[stack.length - 1];
      const [id, at] = top;
      state.set(id, 'open');
      const following = next.get(id)?.[at];
      if (following === undefined) {
        state.set(id, 'done');
        stack.pop();
        continue;
      }
      top[1] += 1;
      if (state.get(following) === 'open') {
        back.add(JSON.stringify([id, following]));
      } else if (!state.has(following)) {
        stack.push([following, 0]);
      }
    }
  }
  return edges.filter(edge => !back.has(JSON.stringify([edge.source, edge.target])));
}

function depths(ids: readonly string[], edges: readonly IEnds[]): Map<string, number> {
  const before = grouped(edges, 'target', 'source');
  const after = grouped(edges, 'source', 'target');
  const left = new Map(ids.map(id => [id, before.get(id)?.length ?? 0]));
  const depth = new Map(ids.map(id => [id, 0]));
  const sorted = ids.filter(id => left.get(id) === 0);
  for (let i = 0; i < sorted.length; i++) {
    for (const other of after.get(sorted[i]) ?? []) {
      depth.set(other, Math.max(depth.get(other) ?? 0, (depth.get(sorted[i]) ?? 0) + 1));
      left.set(other, (left.get(other) ?? 0) - 1);
      if (left.get(other) === 0) {
        sorted.push(other);
      }
    }
  }
  // What nothing leads to moves right, next to what it goes into.
  for (const id of [...sorted].reverse()) {
    const following = (after.get(id) ?? []).map(other => depth.get(other) ?? 0);
    if (following.length && !before.has(id)) {
      depth.set(id, Math.min(...following) - 1);
    }
  }
  return depth;
}

function order(layers: string[][], edges: readonly IEnds[]): void {
  const before = grouped(edges, 'target', 'source');
  const after = grouped(edges, 'source', 'target');
  const rank = new Map<string, number>();
  const note = (layer: string[]) => layer.forEach((id, i) => rank.set(id, (i + 0.5) / layer.length));
  layers.forEach(note);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    const near = down ? before : after;
    for (const layer of down ? layers : [...layers].reverse()) {
      const weight = new Map(layer.map(id => [id, middle(near.get(id) ?? [], rank) ?? rank.get(id) ?? 0]));
      layer.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0));
      note(layer);
    }
  }
}

function middle(ids: readonly string[], rank: ReadonlyMap<string, number>): number | null {
  return ids.length ? ids.reduce((sum, id) => sum + (rank.get(id) ?? 0), 0) / ids.length : null;
}

function place(layers: readonly (readonly string[])[], measure: IMeasure): ILayout {
  const { width, height, across, down } = measure;
  const tallest = Math.max(1, ...layers.map(layer => layer.length));
  const full = tallest * (height + down) - down;
  const places = new Map<string, IPlace>();
  layers.forEach((layer, i) => {
    const top = (full - (layer.length * (height + down) - down)) / 2;
    layer.forEach((id, j) =>
      places.set(id, { id, layer: i, x: i * (width + across), y: top + j * (height + down) })
    );
  });
  return { places, layers, width: Math.max(1, layers.length) * (width + across) - across, height: full };
}
