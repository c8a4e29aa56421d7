import React, { useState } from 'react';
import type { IPipelineActions, IPipelineLine, IPipelineRef } from '../pipelines';
import { formatAgo, formatDuration, formatMoment } from '../model/format';
import type { ListModel } from '../model/list';
import { refOf } from '../model/pipelineRef';
import { canResume, countStages, durationOf, stageNodes, type IStageNode } from '../model/stages';
import { headline, nodeDetail, ranWords, stageSign } from '../model/stageWords';
import type { ITrans } from '../tokens';
import { Failure } from './Failure';
import { useNow, useStore } from './hooks';
import { useMore } from './More';
import { Sign } from './Sign';
import { StageBar } from './StageBar';

interface IPipelinesProps {
  readonly model: ListModel<IPipelineLine>;
  readonly actions: IPipelineActions;
  readonly trans: ITrans;
}

/** The pipelines of the workspace, each with its last run. */
export function PipelinesSection({ model, actions, trans }: IPipelinesProps): React.JSX.Element {
  const { items, path, loaded, loading, failure } = useStore(model);
  const now = useNow(items.some(one => one.last?.status === 'running') ? 1 : 60);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [shown, more] = useMore(items, trans);
  const toggle = (key: string) => {
    const next = new Set(open);
    if (!next.delete(key)) {
      next.add(key);
    }
    setOpen(next);
  };
  return (
    <>
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {!loaded && loading && (
        <p className="nbops-empty" role="status">
          {trans.__('Loading pipelines…')}
        </p>
      )}
      {loaded && items.length === 0 && !failure && (
        <p className="nbops-empty">
          {trans.__('No pipelines yet. Write a %1 that names notebooks as stages.', 'pipeline.toml')}
        </p>
      )}
      <ul className="nbops-pipelines" aria-label={trans.__('Pipelines')}>
        {shown.map(line => {
          const key = `${line.path}\n${line.name}`;
          return (
            <PipelineItem
              key={key}
              open={open.has(key)}
              onToggle={() => toggle(key)}
              {...{ line, path, now, actions, trans }}
            />
          );
        })}
      </ul>
      {more}
    </>
  );
}

interface IItemProps {
  readonly line: IPipelineLine;
  readonly path: string;
  readonly open: boolean;
  readonly onToggle: () => void;
  readonly now: number;
  readonly actions: IPipelineActions;
  readonly trans: ITrans;
}

/** One pipeline: the state of its last run and the next step; unfolded, its stages. */
function PipelineItem(props: IItemProps): React.JSX.Element {
  const { line, open, onToggle, now, trans, path } = props;
  const { last, name, problem } = line;
  const sign = last ? stageSign(last.status, trans) : null;
  return (
    <li className="nbops-row" title={line.path}>
      {sign ? (
        <Sign sign={sign} quiet />
      ) : (
        <span className="nbops-faint" aria-hidden="true">
          ○
        </span>
      )}
      <button
        type="button"
        className="nbops-quiet nbops-row-name nbops-plain-button"
        aria-expanded={open}
        onClick={onToggle}
      >
        {name}
      </button>
      <span className="nbops-num nbops-dim" title={last ? formatMoment(last.started_at) : ''}>
        {last ? rightOf(line, now, trans) : trans.__('never ran')}
      </span>
      {last && (
        <span className="nbops-row-below nbops-dim">
          <StageBar stages={last.stages} counts={last.counts} trans={trans} />
          <span className="nbops-push">{ranWords(last.counts, trans)}</span>
        </span>
      )}
      {problem && (
        <p className="nbops-row-note nbops-bad" title={problem}>
          ✕ {problem}
        </p>
      )}
      {!problem && last && last.status !== 'succeeded' && last.status !== 'running' && (
        <p className={`nbops-row-note nbops-${sign?.tone ?? 'dim'}`}>
          {headline(last, last.counts, now, trans)}
        </p>
      )}
      <Buttons {...props} target={refOf(line, path)} />
      {open && last && <Stages {...props} nodes={stageNodes(last.stages)} />}
    </li>
  );
}

function rightOf({ last }: IPipelineLine, now: number, trans: ITrans): string {
  if (!last) {
    return '';
  }
  const took = formatDuration(durationOf(last, now));
  return last.status === 'running'
    ? took
    : [took, formatAgo(last.started_at, now, trans)].filter(Boolean).join(' · ');
}

/** The few things most often done with a pipeline. */
function Buttons({
  line,
  path,
  target,
  actions,
  trans
}: IItemProps & { target: IPipelineRef }): React.JSX.Element {
  const { last, name } = line;
  const act = (label: string, what: string, onClick: () => void) => (
    <button type="button" className="nbops-quiet" aria-label={what} onClick={onClick}>
      {label}
    </button>
  );
  const going = last?.status === 'running';
  return (
    <span className="nbops-row-actions">
      {going &&
        act(trans.__('Stop'), trans.__('Stop %1', name), () => actions.stop({ path, runId: last.run_id }))}
      {!going && act(trans.__('Run'), trans.__('Run %1', name), () => actions.run(target))}
      {last &&
        canResume(last) &&
        act(trans.__('Resume'), trans.__('Resume %1', name), () =>
          actions.resume({ path, runId: last.run_id })
        )}
      {act(trans.__('Graph'), trans.__('Graph of %1', name), () => actions.show(target))}
      {act(trans.__('File'), trans.__('Open the file of %1', name), () => actions.openFile(target))}
    </span>
  );
}

/** The stages of the last run; those of a foreach are one line. */
function Stages(props: IItemProps & { nodes: readonly IStageNode[] }): React.JSX.Element {
  const { nodes, line, now, trans } = props;
  const [shown, more] = useMore(nodes, trans);
  return (
    <div className="nbops-stage-list">
      <ul aria-label={trans.__('Stages of %1', line.name)}>
        {shown.map(node => (
          <StageItem key={node.id} {...props} node={node} now={now} />
        ))}
      </ul>
      {more}
    </div>
  );
}

function StageItem({
  node,
  line,
  path,
  now,
  actions,
  trans
}: IItemProps & { node: IStageNode }): React.JSX.Element {
  const [stage] = node.members;
  const many = node.members.length > 1;
  const { last } = line;
  const sign = stageSign(node.status, trans);
  const detail = nodeDetail(node, now, trans);
  const reason = !many && stage.reason !== detail && stage.status !== 'skipped' ? stage.reason : '';
  const opens = !many && stage.notebook && last;
  return (
    <li className="nbops-row">
      <Sign sign={sign} quiet />
      <span className="nbops-cut">
        {node.id}
        {many && <span className="nbops-dim"> ×{node.members.length}</span>}
      </span>
      {opens ? (
        <button
          type="button"
          className="nbops-quiet"
          aria-label={trans.__('Log of %1', stage.stage)}
          onClick={() => actions.log({ path, runId: last.run_id, stage: stage.stage })}
        >
          {trans.__('Log')}
        </button>
      ) : (
        <span />
      )}
      <span className={`nbops-row-below ${node.status === 'failed' ? 'nbops-bad' : 'nbops-dim'}`}>
        <span className="nbops-cut" title={[detail, reason].filter(Boolean).join('\n')}>
          {[detail, reason].filter(Boolean).join(' · ')}
        </span>
      </span>
      {(many || stage.status === 'running') && (
        <span className="nbops-row-below">
          <StageProgress node={node} trans={trans} />
        </span>
      )}
    </li>
  );
}

/** How far a stage that runs is: its cells, or of several their states. */
function StageProgress({ node, trans }: { node: IStageNode; trans: ITrans }): React.JSX.Element {
  const [stage] = node.members;
  return node.members.length > 1 ? (
    <StageBar stages={[]} counts={countStages(node.members)} trans={trans} />
  ) : (
    <progress
      className="nbops-progress"
      value={Math.max(0, stage.cell - 1)}
      max={Math.max(1, stage.cells)}
      aria-label={trans.__('Cells of %1', stage.stage)}
    />
  );
}
