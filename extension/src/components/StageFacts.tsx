import React, { useEffect } from 'react';
import type { IPipelineActions, IStageRef } from '../pipelines';
import { formatDuration, formatMoment, shortDigest } from '../model/format';
import { PLAN, type PipelineModel } from '../model/pipeline';
import { canResume, durationOf, nodeOf, type IStageNode } from '../model/stages';
import { cellWords, countWords, failedWords, stageSign } from '../model/stageWords';
import type { Explanation, PipelineRun, StageRun } from '../records';
import type { ITrans } from '../tokens';
import { useStore } from './hooks';
import { Pairs } from './Pairs';
import { Sign } from './Sign';
import { WindowedList } from './WindowedList';

interface IStageFactsProps {
  readonly model: PipelineModel;
  readonly actions: IPipelineActions;
  readonly now: number;
  readonly trans: ITrans;
}

/** Everything about the stage looked at, and what can be done with it. */
export function StageFacts(props: IStageFactsProps): React.JSX.Element | null {
  const { model, trans } = props;
  const { nodes, selected } = useStore(model);
  const node = nodes.find(one => one.id === selected);
  const { drawn, stage } = model;
  if (!node || !drawn) {
    return null;
  }
  return (
    <section className="nbops-node-facts" aria-label={trans.__('Stage')}>
      {node.members.length > 1 && <Members {...props} node={node} />}
      {stage && <OneStage key={stage.stage} {...props} stage={stage} run={drawn} />}
    </section>
  );
}

const ROW = 26;
/** Higher (in pixels) the list of members is not. */
const MOST = 160;

/** The stages that a foreach made, those that need a look first. */
function Members({ model, node, now, trans }: IStageFactsProps & { node: IStageNode }): React.JSX.Element {
  const { instance } = useStore(model);
  const { members } = node;
  const active = Math.max(
    0,
    members.findIndex(one => one.stage === instance)
  );
  const choose = (index: number) => model.select(node.id, members[index].stage);
  return (
    <div className="nbops-members">
      <h3>{node.id}</h3>
      <p className="nbops-dim">{countWords(node.counts, trans)}</p>
      <div className="nbops-member-list" style={{ height: Math.min(MOST, members.length * ROW + 1) }}>
        <WindowedList
          label={trans.__('Stages of %1', node.id)}
          count={members.length}
          rowHeight={ROW}
          active={active}
          onActive={choose}
          onOpen={choose}
          onRange={ignore}
          render={index => (
            <div className="nbops-row">
              <Sign sign={stageSign(members[index].status, trans)} quiet />
              <span className="nbops-cut">{members[index].stage}</span>
              <span className="nbops-num nbops-dim">
                {members[index].status === 'running'
                  ? cellWords(members[index], trans)
                  : formatDuration(durationOf(members[index], now))}
              </span>
            </div>
          )}
        />
      </div>
    </div>
  );
}

function ignore(): void {
  // All stages are here already.
}

interface IOneStageProps extends IStageFactsProps {
  readonly stage: StageRun;
  readonly run: PipelineRun;
}

function OneStage(props: IOneStageProps): React.JSX.Element {
  const { stage, now, trans } = props;
  const sign = stageSign(stage.status, trans);
  const took = formatDuration(durationOf(stage, now));
  const told = [sign.word, cellWords(stage, trans), took].filter(Boolean).join(' · ');
  return (
    <>
      <h3>
        <span className={`nbops-${sign.tone}`} aria-hidden="true">
          {sign.shape}
        </span>{' '}
        {stage.stage}
      </h3>
      <p className="nbops-dim" role="status">
        {told}
      </p>
      {stage.error && (
        <p className="nbops-bad nbops-error-line">
          {stage.failed_cell > 0 && `${failedWords(stage, trans)}: `}
          {stage.error}
        </p>
      )}
      {stage.line && stage.status === 'running' && <p className="nbops-last-line nbops-mono">{stage.line}</p>}
      <Actions {...props} />
      <Facts {...props} />
      <Why {...props} />
    </>
  );
}

function Actions({ model, stage, run, actions, trans }: IOneStageProps): React.JSX.Element {
  const { wanted } = useStore(model);
  const ref: IStageRef = { path: wanted.path, runId: run.run_id, stage: stage.stage };
  const act = (label: string, onClick: () => void, title = '') => (
    <button type="button" className="nbops-quiet" title={title} onClick={onClick}>
      {label}
    </button>
  );
  return (
    <div className="nbops-actions" role="group" aria-label={trans.__('Actions for %1', stage.stage)}>
      {stage.notebook &&
        act(trans.__('Open executed notebook'), () => actions.openExecuted(ref), stage.notebook)}
      {stage.notebook && act(trans.__('Show log'), () => actions.log(ref))}
      {canResume(run) &&
        stage.status === 'failed' &&
        act(
          trans.__('Resume'),
          () => actions.resume(ref),
          stage.resumable
            ? trans.__('Goes on from cell %1', stage.failed_cell)
            : stage.resume_problem && trans.__('Starts this stage anew: %1', stage.resume_problem)
        )}
      {run.status !== 'running' &&
        act(trans.__('Run this stage only'), () => actions.run({ ...wanted, only: [stage.stage] }))}
      {act(trans.__('Why'), () => void model.explain(), trans.__('What differs from its last good run'))}
      {stage.track_id &&
        act(trans.__('Tracked run'), () => actions.openTracked({ runId: stage.track_id, path: wanted.path }))}
    </div>
  );
}

function Facts({ stage, run, trans }: IOneStageProps): React.JSX.Element | null {
  const { attempt, kernel, key, notebook, reason, started_at, after } = stage;
  const pairs: [string, React.ReactNode][] = [
    [trans.__('because'), reason],
    [trans.__('after'), comesAfter(after, run)],
    [trans.__('started'), formatMoment(started_at)],
    [trans.__('attempt'), attempt > 1 ? String(attempt) : ''],
    [trans.__('kernel'), kernel],
    [trans.__('going on'), stage.status === 'failed' ? resumeWords(stage, trans) : ''],
    [trans.__('notebook'), notebook && <span className="nbops-mono">{fromFolder(notebook, run.path)}</span>],
    [
      trans.__('key'),
      key && (
        <span className="nbops-mono" title={key}>
          {shortDigest(key)}
        </span>
      )
    ]
  ];
  const known = pairs.filter(([, value]) => value !== '');
  return known.length === 0 ? null : (
    <Pairs label={trans.__('Facts')} head={[trans.__('Fact'), trans.__('Value')]} pairs={known} />
  );
}

/** What a stage comes after; the stages of a foreach are named once. */
function comesAfter(after: readonly string[], run: PipelineRun): string {
  const nodes = new Map(run.stages.map(one => [one.stage, nodeOf(one)]));
  return [...new Set(after.map(name => nodes.get(name) ?? name))].join(', ');
}

/** A path from the folder of the pipeline file, if it lies below it. */
function fromFolder(path: string, file: string): string {
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  return folder && path.startsWith(folder) ? path.slice(folder.length) : path;
}

/** How a resume would treat a failed stage. */
export function resumeWords(stage: StageRun, trans: ITrans): string {
  if (stage.resumable) {
    return trans.__('from cell %1: the state before it is kept', stage.failed_cell);
  }
  return stage.resume_problem ? trans.__('from its beginning: %1', stage.resume_problem) : '';
}

/** What differs from the last good run, once asked for; asked at once where the plan is shown. */
function Why({ model, stage, trans }: IOneStageProps): React.JSX.Element | null {
  const { why, whyFailure, shown } = useStore(model);
  useEffect(() => {
    if (shown === PLAN && stage.status === 'pending') {
      void model.explain();
    }
  }, [model, shown, stage.stage, stage.status]);
  if (whyFailure) {
    return (
      <p role="alert" className="nbops-bad">
        ✕ {whyFailure.message} {whyFailure.hint}
      </p>
    );
  }
  return why?.stage === stage.stage ? <Explained why={why} trans={trans} /> : null;
}

function Explained({ why, trans }: { why: Explanation; trans: ITrans }): React.JSX.Element {
  const { differences, ended_at, reason, cached, status } = why;
  return (
    <div role="status" className="nbops-why">
      <h4>
        {ended_at === null
          ? trans.__('Against its last good run')
          : trans.__('Against its last good run, %1', formatMoment(ended_at))}
      </h4>
      {differences.length > 0 ? (
        <ul className="nbops-plain-list">
          {differences.map((one, i) => (
            <li key={i}>
              {one.told}
              {one.through.length > 0 && (
                <span className="nbops-dim"> {trans.__('imported by %1', one.through.join(' → '))}</span>
              )}
              {one.diff && <DiffLines text={one.diff} />}
            </li>
          ))}
        </ul>
      ) : (
        <p>{status === 'current' ? trans.__('Nothing differs: it is up to date.') : reason}</p>
      )}
      {cached && <p>{trans.__('A kept result would be used instead of running it.')}</p>}
    </div>
  );
}

/** Lines of a cell that changed. */
function DiffLines({ text }: { text: string }): React.JSX.Element {
  const kind: Record<string, string> = { '+': 'nbops-added', '-': 'nbops-removed' };
  return (
    <pre className="nbops-code">
      {text
        .split('\n')
        .map(line => (line.startsWith('@@') ? '⋯' : line))
        // Where a part begins is worth a line only between two parts.
        .filter((line, i) => i > 0 || line !== '⋯')
        .map((line, i) => (
          <span key={i} className={`nbops-diff-line ${kind[line[0]] ?? ''}`}>
            {line || ' '}
          </span>
        ))}
    </pre>
  );
}
