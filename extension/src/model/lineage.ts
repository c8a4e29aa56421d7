import type { IGovernance } from '../governance';
import type { Lineage, LineageEdge, LineageNode } from '../records';
import { failureOf, type IFailure } from './failure';
import { layered, type ILayout, type IMeasure } from './layered';
import { Store } from './store';
import { step } from './walking';

export const NODE: IMeasure = { width: 150, height: 44, across: 34, down: 14 };

/** Which part of the graph is shown. */
export type Side = 'both' | 'before' | 'after';

export interface ILineageState {
  readonly path: string;
  readonly start: string;
  readonly lineage: Lineage | null;
  readonly side: Side;
  readonly layout: ILayout;
  readonly shown: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
  readonly selected: string;
  readonly loading: boolean;
  readonly failure: IFailure | null;
}

/** A graph of what came from what, with one node looked at. */
export class LineageModel extends Store<ILineageState> {
  constructor(
    private readonly _governance: IGovernance,
    path: string,
    start: string
  ) {
    super({
      path,
      start,
      lineage: null,
      side: 'both',
      layout: layered([], [], NODE),
      shown: [],
      edges: [],
      selected: '',
      loading: false,
      failure: null
    });
  }

  async refresh(): Promise<void> {
    const { path, start } = this.state;
    const generation = ++this._generation;
    this.update({ loading: true });
    try {
      const lineage = await this._governance.lineage(path, start);
      if (generation === this._generation) {
        const kept = lineage.nodes.some(node => node.id === this.state.selected);
        this.update({ lineage, loading: false, failure: null });
        this._draw(this.state.side, kept ? this.state.selected : startOf(lineage));
      }
    } catch (reason) {
      if (generation === this._generation) {
        this.update({ loading: false, failure: failureOf(reason) });
      }
    }
  }

  /** Show the graph around something else. */
  async around(start: string): Promise<void> {
    this.update({ start, selected: '' });
    await this.refresh();
  }

  select(id: string): void {
    this.update({ selected: id });
  }

  show(side: Side): void {
    this._draw(side, this.state.selected);
  }

  /** The node that a key leads to from the one looked at, if there is one. */
  step(key: string): string | null {
    const { layout, selected, edges } = this.state;
    return step(key, selected, layout, edges);
  }

  private _draw(side: Side, selected: string): void {
    const { lineage } = this.state;
    if (lineage === null) {
      this.update({ side });
      return;
    }
    const root = startOf(lineage);
    const before = reach(root, lineage.edges, 'target', 'source');
    const after = reach(root, lineage.edges, 'source', 'target');
    const wanted = { both: null, before, after }[side];
    const shown = wanted ? lineage.nodes.filter(node => wanted.has(node.id)) : lineage.nodes;
    const ids = shown.map(node => node.id);
    const known = new Set(ids);
    const edges = lineage.edges.filter(edge => known.has(edge.source) && known.has(edge.target));
    const layout = layered(ids, edges, NODE);
    this.update({ side, shown, edges, layout, selected: known.has(selected) ? selected : root });
  }

  private _generation = 0;
}

/** The node that was asked for; the first one if it is not told. */
function startOf(lineage: Lineage): string {
  const found = lineage.nodes.find(node => node.id === lineage.start) ?? lineage.nodes[0];
  return found?.id ?? '';
}

/** Everything that can be reached from a node along the edges, itself included. */
export function reach(
  id: string,
  edges: readonly LineageEdge[],
  from: 'source' | 'target',
  to: 'source' | 'target'
): ReadonlySet<string> {
  const next = new Map<string, string[]>();
  for (const edge of edges) {
    const list = next.get(edge[from]);
    if (list) {
      list.push(edge[to]);
    } else {
      next.set(edge[from], [edge[to]]);
    }
  }
  const found = new Set([id]);
  for (const one of found) {
    next.get(one)?.forEach(other => found.add(other));
  }
  return found;
}
