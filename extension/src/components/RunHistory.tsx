import React, { useState } from 'react';
import { formatAgo, formatDuration, formatMoment } from '../model/format';
import { PLAN, type PipelineModel } from '../model/pipeline';
import { durationOf } from '../model/stages';
import { ranWords, stageSign, triggerWords } from '../model/stageWords';
import type { ITrans } from '../tokens';
import { useStore } from './hooks';
import { Sign } from './Sign';
import { StageBar } from './StageBar';
import { WindowedList } from './WindowedList';

interface IRunHistoryProps {
  readonly model: PipelineModel;
  readonly now: number;
  readonly trans: ITrans;
}

const ROW = 46;

/** The runs of a pipeline, newest first; the one chosen is drawn. */
export function RunHistory({ model, now, trans }: IRunHistoryProps): React.JSX.Element {
  const { runs, shown, limit } = useStore(model);
  const chosen =
    shown === PLAN
      ? -1
      : Math.max(
          0,
          runs.findIndex(run => run.run_id === shown)
        );
  // Where the keyboard stands, until a run is chosen.
  const [moved, setMoved] = useState<number | null>(null);
  const open = (index: number) => {
    setMoved(null);
    // The newest is followed: when there is a newer one, that is drawn.
    void model.show(index === 0 ? '' : runs[index].run_id);
  };
  return (
    <section className="nbops-history" aria-label={trans.__('Runs of this pipeline')}>
      <h3>{trans.__('Runs')}</h3>
      {runs.length === 0 && <p className="nbops-empty">{trans.__('It has not run yet.')}</p>}
      {runs.length > 0 && (
        <WindowedList
          label={trans.__('Runs of this pipeline')}
          count={runs.length}
          rowHeight={ROW}
          active={moved ?? chosen}
          onActive={setMoved}
          onOpen={open}
          onRange={(_, last) => {
            if (last >= limit - 1) {
              void model.older();
            }
          }}
          render={index => {
            const run = runs[index];
            return (
              <div className="nbops-row" title={formatMoment(run.started_at)}>
                <Sign sign={stageSign(run.status, trans)} quiet />
                <span className={index === chosen ? 'nbops-row-name' : 'nbops-cut'}>
                  {formatAgo(run.started_at, now, trans)} · {triggerWords(run, trans)}
                </span>
                <span className="nbops-num nbops-dim">{formatDuration(durationOf(run, now))}</span>
                <span className="nbops-row-below nbops-dim">
                  <StageBar stages={run.stages} counts={run.counts} trans={trans} />
                  <span className="nbops-push">{ranWords(run.counts, trans)}</span>
                </span>
              </div>
            );
          }}
        />
      )}
    </section>
  );
}
