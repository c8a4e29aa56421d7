import React, { useState } from 'react';
import type { IPipelineActions } from '../pipelines';
import { baseName, formatDuration } from '../model/format';
import { PLAN, STAGE, type PipelineModel } from '../model/pipeline';
import { canResume, countStages, durationOf, type IStageNode } from '../model/stages';
import { askedWords, headline, planWords, stageSign, triggerWords } from '../model/stageWords';
import type { PipelineRun } from '../records';
import type { ITrans } from '../tokens';
import { bounded, STEP, useCanvas } from './canvas';
import { Failure } from './Failure';
import { useNow, useStore } from './hooks';
import { RunHistory } from './RunHistory';
import { StageFacts } from './StageFacts';
import { StageGraph } from './StageGraph';

export interface IPipelineProps {
  readonly model: PipelineModel;
  readonly actions: IPipelineActions;
  readonly trans: ITrans;
}

/** One pipeline: the conclusion about a run, its graph, the stage looked at, and earlier runs. */
export function PipelineView(props: IPipelineProps): React.JSX.Element {
  const { model, trans } = props;
  const { failure, loading, loaded, nodes, run, planFailure } = useStore(model);
  const now = useNow(run?.status === 'running' ? 1 : 60);
  const label = trans.__('Pipeline %1', nameOf(model));
  return (
    <article className="nbops-pipeline" aria-label={label} aria-busy={loading}>
      <Head {...props} now={now} />
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {planFailure && (
        <p role="alert" className="nbops-bad">
          ✕ {planFailure.message} {planFailure.hint}
        </p>
      )}
      {!loaded && loading && <p role="status">{trans.__('Loading the pipeline…')}</p>}
      {nodes.length > 0 && <Graph {...props} now={now} />}
      {loaded && (
        <div className="nbops-two">
          <StageFacts {...props} now={now} />
          <RunHistory {...props} now={now} />
        </div>
      )}
    </article>
  );
}

/** The pipeline's name as far as it is known. */
export function nameOf(model: PipelineModel): string {
  const { run, plan, runs, wanted } = model.state;
  return run?.pipeline ?? plan?.pipeline ?? runs[0]?.pipeline ?? baseName(wanted.pipeline || wanted.path);
}

interface IPartProps extends IPipelineProps {
  readonly now: number;
}

function Head(props: IPartProps): React.JSX.Element {
  const { model, now, trans } = props;
  const { run, shown, plan } = useStore(model);
  const { drawn } = model;
  const planned = drawn !== null && drawn === plan;
  const sign = drawn && !planned ? stageSign(drawn.status, trans) : null;
  return (
    <header>
      <div className="nbops-pipeline-head">
        <h2>{nameOf(model)}</h2>
        {sign && (
          <span className={`nbops-pill nbops-${sign.tone}`} title={sign.title}>
            {sign.shape} {sign.word}
          </span>
        )}
        {drawn && !planned && <span className="nbops-dim">{aboutRun(drawn, now, trans)}</span>}
        <Choice {...props} />
      </div>
      {drawn && (
        <p className="nbops-headline" role="status">
          {planned ? planWords(drawn, trans) : headline(drawn, countStages(drawn.stages), now, trans)}
        </p>
      )}
      {drawn && askedWords(drawn, trans) && (
        <p className="nbops-dim">{trans.__('Asked for: %1', askedWords(drawn, trans))}</p>
      )}
      {run && shown !== PLAN && run.status !== 'running' && <Next {...props} />}
      <Buttons {...props} />
    </header>
  );
}

function aboutRun(run: PipelineRun, now: number, trans: ITrans): string {
  const took = formatDuration(durationOf(run, now));
  const where = run.runner && run.runner !== 'local' ? trans.__('on %1', run.runner) : '';
  const again = run.resumed_from ? trans.__('resumed from %1', run.resumed_from.slice(0, 8)) : '';
  return [run.run_id.slice(0, 8), took, triggerWords(run, trans), where, again].filter(Boolean).join(' · ');
}

/** Whether a run is drawn or what would run now. */
function Choice({ model, trans }: IPartProps): React.JSX.Element | null {
  const { runs, shown } = useStore(model);
  return runs.length === 0 ? null : (
    <span className="nbops-push nbops-tools">
      <select
        aria-label={trans.__('What is drawn')}
        value={shown}
        onChange={event => void model.show(event.target.value)}
      >
        <option value="">{trans.__('the newest run')}</option>
        <option value={PLAN}>{trans.__('what would run now')}</option>
        {shown !== '' && shown !== PLAN && (
          <option value={shown}>{trans.__('run %1', shown.slice(0, 8))}</option>
        )}
      </select>
    </span>
  );
}

/** What would run now, where that is more than nothing. */
function Next({ model, trans }: IPartProps): React.JSX.Element | null {
  const { plan } = useStore(model);
  const stale = plan?.stages.filter(stage => stage.status === 'pending') ?? [];
  const [first] = stale;
  return first ? (
    <p className="nbops-dim">
      {trans._n('A run now would execute %1 stage:', 'A run now would execute %1 stages:', stale.length)}{' '}
      {first.stage}
      {first.reason && ` (${first.reason})`}
      {stale.length > 1 && ', …'}
    </p>
  ) : null;
}

function Buttons({ model, actions, trans }: IPartProps): React.JSX.Element {
  const { wanted, run, runs, readonly } = useStore(model);
  const { path } = wanted;
  const going = [run, runs[0]].find(one => one?.status === 'running');
  const resumable = run && canResume(run) && !going;
  const against = readonly ? trans.__('nbops is read-only here.') : '';
  const act = (label: string, onClick: () => void, primary = false, changes = true) => (
    <button
      type="button"
      className={primary ? 'nbops-primary' : ''}
      aria-disabled={changes && against !== ''}
      title={changes ? against : ''}
      onClick={() => (changes && against ? undefined : onClick())}
    >
      {label}
    </button>
  );
  return (
    <div className="nbops-decisions" role="group" aria-label={trans.__('Actions')}>
      {going && act(trans.__('Stop'), () => actions.stop({ path, runId: going.run_id }))}
      {resumable && act(trans.__('Resume'), () => actions.resume({ path, runId: run.run_id }), true)}
      {!going && act(trans.__('Run'), () => actions.run(wanted), !resumable)}
      {!going &&
        act(trans.__('Run with…'), () => actions.run({ ...wanted, ask: true, label: nameOf(model) }))}
      {act(trans.__('Schedule…'), () => actions.schedule({ path, pipeline: wanted.pipeline || path }))}
      {act(trans.__('Open the file'), () => actions.openFile(wanted), false, false)}
    </div>
  );
}

function Graph(props: IPartProps): React.JSX.Element {
  const { model, actions, now, trans } = props;
  const { layout, selected, wanted } = useStore(model);
  const [zoom, setZoom] = useState(1);
  const canvas = useCanvas(layout, STAGE, selected, zoom, setZoom);
  const onOpen = (node: IStageNode) => {
    const [stage] = node.members;
    const { drawn } = model;
    if (node.members.length === 1 && stage.notebook && drawn) {
      actions.log({ path: wanted.path, runId: drawn.run_id, stage: stage.stage });
    }
  };
  return (
    <div className="nbops-canvas-box">
      <div className="nbops-canvas" ref={canvas}>
        <StageGraph {...{ model, zoom, now, onOpen, trans }} />
      </div>
      <span className="nbops-tools nbops-zoom">
        <button type="button" aria-label={trans.__('Smaller')} onClick={() => setZoom(bounded(zoom / STEP))}>
          −
        </button>
        <button type="button" aria-label={trans.__('Larger')} onClick={() => setZoom(bounded(zoom * STEP))}>
          +
        </button>
      </span>
    </div>
  );
}
