import type { LineageNode } from '../records';

/** What a node of a lineage can open. */
export type NodeTarget =
  | { readonly kind: 'run'; readonly path: string; readonly runId: string }
  | { readonly kind: 'cell'; readonly path: string; readonly notebook: string; readonly cellId: string }
  | {
      readonly kind: 'version';
      readonly path: string;
      readonly name: string;
      readonly version: number;
      readonly target: string;
    };

/** Read from a node's id what it stands for; null where there is nothing to open. */
export function nodeTarget(node: LineageNode, path: string): NodeTarget | null {
  const id = node.id.slice(node.id.indexOf(':') + 1);
  if (node.kind === 'run') {
    return { kind: 'run', path, runId: id };
  }
  const { notebook, cell } = node.facts;
  if (node.kind === 'cell' && notebook && cell) {
    return { kind: 'cell', path, notebook, cellId: cell };
  }
  const found = /^(.+)@(\d+)$/.exec(id);
  return node.kind === 'version' && found
    ? { kind: 'version', path, name: found[1], version: Number(found[2]), target: 'Production' }
    : null;
}
