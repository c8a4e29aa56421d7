import React, { useEffect, useRef } from 'react';
import { NODE, reach, type LineageModel } from '../model/lineage';
import type { IPlace } from '../model/layered';
import type { LineageEdge, LineageNode } from '../records';
import type { ITrans } from '../tokens';
import { MARGIN } from './canvas';
import { cut, GraphEdge } from './GraphEdge';
import { useStore } from './hooks';

interface IGraphProps {
  readonly model: LineageModel;
  readonly zoom: number;
  readonly onOpen: (node: LineageNode) => void;
  readonly trans: ITrans;
}

/** The shape of each kind of node: told apart without colour. */
const SHAPES: Record<string, string> = {
  data: '▤',
  cell: '▢',
  notebook: '▣',
  run: '●',
  version: '◆',
  promotion: '▲'
};

/** The kind of a node in words. */
export function kindWord(kind: string, trans: ITrans): string {
  const words: Record<string, string> = {
    data: trans.__('data'),
    cell: trans.__('cell'),
    notebook: trans.__('notebook'),
    run: trans.__('run'),
    version: trans.__('version'),
    promotion: trans.__('promotion')
  };
  return words[kind] ?? kind;
}

/** The graph. Arrow keys walk along it, Enter opens what is under the focus. */
export function LineageGraph(props: IGraphProps): React.JSX.Element {
  const { model, zoom, onOpen, trans } = props;
  const { layout, shown, edges, selected } = useStore(model);
  const near = new Set([
    ...reach(selected, edges, 'source', 'target'),
    ...reach(selected, edges, 'target', 'source')
  ]);
  const svg = useRef<SVGSVGElement>(null);
  const moved = useRef(false);
  useEffect(() => {
    if (moved.current) {
      moved.current = false;
      svg.current?.querySelector<SVGGElement>('[tabindex="0"]')?.focus();
    }
  }, [selected]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const next = model.step(event.key);
    if (next !== null) {
      event.preventDefault();
      event.stopPropagation();
      moved.current = true;
      model.select(next);
    }
  };
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  return (
    <svg
      ref={svg}
      className="nbops-graph"
      role="group"
      aria-label={trans.__('Lineage; arrow keys walk along it')}
      width={width * zoom}
      height={height * zoom}
      viewBox={`${-MARGIN} ${-MARGIN} ${width} ${height}`}
      onKeyDown={onKeyDown}
    >
      {edges.map((edge, i) => (
        <GraphEdge
          key={i}
          from={layout.places.get(edge.source)}
          to={layout.places.get(edge.target)}
          measure={NODE}
          label={[edge.label, edge.columns.join(', ')].filter(Boolean).join(': ')}
          className={near.has(edge.source) && near.has(edge.target) ? '' : 'nbops-far'}
        />
      ))}
      {shown.map(node => {
        const place = layout.places.get(node.id);
        return (
          place && (
            <Node
              key={node.id}
              label={spoken(node, shown, edges, trans)}
              lit={near.has(node.id)}
              chosen={node.id === selected}
              onSelect={() => model.select(node.id)}
              {...{ node, place, onOpen }}
            />
          )
        );
      })}
    </svg>
  );
}

/** A node with its neighbours, for who cannot see the lines. */
function spoken(
  node: LineageNode,
  nodes: readonly LineageNode[],
  edges: readonly LineageEdge[],
  trans: ITrans
): string {
  const name = (id: string) => nodes.find(other => other.id === id)?.label ?? id;
  const from = edges.filter(edge => edge.target === node.id).map(edge => name(edge.source));
  const to = edges.filter(edge => edge.source === node.id).map(edge => name(edge.target));
  return [
    `${kindWord(node.kind, trans)} ${node.label}`,
    node.detail,
    from.length > 0 ? trans.__('from %1', from.join(', ')) : '',
    to.length > 0 ? trans.__('to %1', to.join(', ')) : ''
  ]
    .filter(Boolean)
    .join('; ');
}

interface INodeProps {
  readonly node: LineageNode;
  readonly place: IPlace;
  readonly label: string;
  readonly lit: boolean;
  readonly chosen: boolean;
  readonly onSelect: () => void;
  readonly onOpen: (node: LineageNode) => void;
}

function Node(props: INodeProps): React.JSX.Element {
  const { node, place, label, lit, chosen, onSelect, onOpen } = props;
  return (
    <g
      className={`nbops-node nbops-node-${node.kind} ${chosen ? 'nbops-chosen' : lit ? '' : 'nbops-far'}`}
      transform={`translate(${place.x} ${place.y})`}
      role="button"
      tabIndex={chosen ? 0 : -1}
      aria-pressed={chosen}
      aria-label={label}
      onClick={onSelect}
      onDoubleClick={() => onOpen(node)}
      onKeyDown={event => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          event.stopPropagation();
          onOpen(node);
        }
      }}
    >
      <title>{[node.label, node.detail].filter(Boolean).join('\n')}</title>
      <rect width={NODE.width} height={NODE.height} rx={3} />
      <text x={10} y={19} className="nbops-node-name">
        <tspan className="nbops-node-shape">{SHAPES[node.kind] ?? '○'}</tspan> {cut(node.label, 18)}
      </text>
      <text x={10} y={35} className="nbops-node-detail">
        {cut(node.detail, 24)}
      </text>
    </g>
  );
}
