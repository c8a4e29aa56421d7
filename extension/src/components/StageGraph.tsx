import React, { useEffect, useId, useRef } from 'react';
import { formatDuration } from '../model/format';
import type { IPlace } from '../model/layered';
import { STAGE, type PipelineModel } from '../model/pipeline';
import { durationOf, progressOf, total, type IStageEdge, type IStageNode } from '../model/stages';
import { nodeDetail, stageSign } from '../model/stageWords';
import type { StageRunStatus } from '../records';
import type { ITrans } from '../tokens';
import { MARGIN } from './canvas';
import { cut, GraphEdge } from './GraphEdge';
import { useStore } from './hooks';

interface IStageGraphProps {
  readonly model: PipelineModel;
  readonly zoom: number;
  readonly now: number;
  readonly onOpen: (node: IStageNode) => void;
  readonly trans: ITrans;
}

const NAME = 20;
const DETAIL = 27;
const BAR = { x: 10, y: STAGE.height - 9, width: STAGE.width - 20, height: 3 };

/** The stages from left to right. Arrow keys walk along them, Enter opens what is under the focus. */
export function StageGraph(props: IStageGraphProps): React.JSX.Element {
  const { model, zoom, now, onOpen, trans } = props;
  const { layout, nodes, edges, selected } = useStore(model);
  const svg = useRef<SVGSVGElement>(null);
  const moved = useRef(false);
  const clip = useId();
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
  const status = new Map(nodes.map(node => [node.id, node.status]));
  return (
    <svg
      ref={svg}
      className="nbops-graph"
      role="group"
      aria-label={trans.__('Stages; arrow keys walk along them')}
      width={width * zoom}
      height={height * zoom}
      viewBox={`${-MARGIN} ${-MARGIN} ${width} ${height}`}
      onKeyDown={onKeyDown}
    >
      <clipPath id={clip}>
        <rect width={STAGE.width - 4} height={STAGE.height} />
      </clipPath>
      {edges.map(({ source, target }) => (
        <GraphEdge
          key={`${source}\n${target}`}
          from={layout.places.get(source)}
          to={layout.places.get(target)}
          measure={STAGE}
          className={status.get(target) === 'running' ? 'nbops-flows' : ''}
        />
      ))}
      {nodes.map(node => {
        const place = layout.places.get(node.id);
        return (
          place && (
            <StageNode
              key={node.id}
              chosen={node.id === selected}
              label={spoken(node, edges, now, trans)}
              onSelect={() => model.select(node.id)}
              {...{ node, place, now, clip, onOpen, trans }}
            />
          )
        );
      })}
    </svg>
  );
}

/** A node with its state and neighbours, for who cannot see the lines. */
function spoken(node: IStageNode, edges: readonly IStageEdge[], now: number, trans: ITrans): string {
  const before = edges.filter(edge => edge.target === node.id).map(edge => edge.source);
  const many = node.members.length > 1;
  return [
    many ? trans.__('%1, %2 stages', node.id, node.members.length) : trans.__('stage %1', node.id),
    stageSign(node.status, trans).word,
    nodeDetail(node, now, trans),
    before.length > 0 ? trans.__('after %1', before.join(', ')) : ''
  ]
    .filter((part, i, parts) => part && parts.indexOf(part) === i)
    .join('; ');
}

interface IStageNodeProps {
  readonly node: IStageNode;
  readonly place: IPlace;
  readonly chosen: boolean;
  readonly label: string;
  readonly now: number;
  /** Id of the path that keeps words within a node. */
  readonly clip: string;
  readonly onSelect: () => void;
  readonly onOpen: (node: IStageNode) => void;
  readonly trans: ITrans;
}

function StageNode(props: IStageNodeProps): React.JSX.Element {
  const { node, place, chosen, label, now, clip, onSelect, onOpen, trans } = props;
  const many = node.members.length > 1;
  const detail = nodeDetail(node, now, trans);
  const aside = asideOf(node, now, trans);
  return (
    <g
      className={`nbops-node nbops-stage nbops-stage-${node.status} ${chosen ? 'nbops-chosen' : ''}`}
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
      <title>{[node.id, detail].filter(Boolean).join('\n')}</title>
      {many && (
        <rect className="nbops-behind" x={4} y={-4} width={STAGE.width} height={STAGE.height} rx={3} />
      )}
      <rect width={STAGE.width} height={STAGE.height} rx={3} />
      <text x={10} y={19} className="nbops-node-name">
        <tspan className="nbops-node-shape">{stageSign(node.status, trans).shape}</tspan>{' '}
        {cut(node.id, aside ? NAME - aside.length : NAME)}
      </text>
      {aside && (
        <text x={STAGE.width - 10} y={19} textAnchor="end" className="nbops-node-detail">
          {aside}
        </text>
      )}
      <text x={10} y={37} className="nbops-node-detail" clipPath={`url(#${clip})`}>
        {cut(detail, DETAIL)}
      </text>
      <Progress node={node} />
    </g>
  );
}

/** What stands at the right of a node's name: how many it is, how long it has run, which attempt it is. */
function asideOf({ members }: IStageNode, now: number, trans: ITrans): string {
  const [stage] = members;
  if (members.length > 1) {
    return `×${members.length}`;
  }
  const attempt = stage.attempt > 1 ? trans.__('try %1', stage.attempt) : '';
  const elapsed = stage.status === 'running' ? formatDuration(Math.floor(durationOf(stage, now) ?? 0)) : '';
  return [attempt, elapsed].filter(Boolean).join(', ');
}

const ORDER: readonly StageRunStatus[] = ['succeeded', 'skipped', 'failed', 'lost', 'stopped', 'running'];

/** How far it is: of a stage by its cells, of several by their states. */
function Progress({ node }: { node: IStageNode }): React.JSX.Element | null {
  const parts: { status: StageRunStatus; share: number }[] =
    node.members.length > 1
      ? ORDER.map(status => ({ status, share: (node.counts[status] ?? 0) / total(node.counts) }))
      : node.status === 'running'
        ? [{ status: 'running', share: progressOf(node.members[0]) }]
        : [];
  let x = BAR.x;
  return parts.length === 0 ? null : (
    <g aria-hidden="true">
      <rect className="nbops-track" {...BAR} />
      {parts.map(({ status, share }) => {
        const part = (
          <rect key={status} className={`nbops-fill-${status}`} {...BAR} x={x} width={share * BAR.width} />
        );
        x += share * BAR.width;
        return part;
      })}
    </g>
  );
}
