import React from 'react';
import { metricLines } from '../model/card';
import { formatCount, formatDuration, formatMoment, formatNumber, formatSize } from '../model/format';
import type { Card, DataRef, MetricPoint, Run } from '../records';
import type { ITrans } from '../tokens';
import { Code } from './Code';
import { compared, Delta } from './Metrics';
import { Fold, Pairs } from './Pairs';
import { AllSeries } from './Series';

interface IPartProps {
  readonly run: Run;
  readonly trans: ITrans;
}

/** The figures with what they are compared to, and their series. */
export function MetricsPart(props: {
  card: Card;
  series: readonly MetricPoint[];
  trans: ITrans;
}): React.JSX.Element | null {
  const { card, series, trans } = props;
  const lines = metricLines(card);
  if (lines.length === 0) {
    return null;
  }
  const value = (line: (typeof lines)[number]) => (
    <>
      <span className="nbops-num">{formatNumber(line.value)}</span> <Delta line={line} trans={trans} />{' '}
      <span className="nbops-dim">{compared(line, trans)}</span>
    </>
  );
  return (
    <Fold name={trans.__('Metrics')} note={String(lines.length)} open>
      <Pairs
        label={trans.__('Metrics')}
        head={[trans.__('Metric'), trans.__('Value')]}
        pairs={lines.map(line => [line.name, value(line)])}
      />
      <AllSeries points={series} trans={trans} />
    </Fold>
  );
}

export function ParamsPart({ run, trans }: IPartProps): React.JSX.Element | null {
  const params = Object.entries(run.params);
  return params.length === 0 ? null : (
    <Fold name={trans.__('Parameters')} note={String(params.length)} open>
      <Pairs
        label={trans.__('Parameters')}
        head={[trans.__('Parameter'), trans.__('Value')]}
        pairs={params.map(([name, value]) => [name, <span className="nbops-mono">{value}</span>])}
      />
    </Fold>
  );
}

export function CodePart({ run, trans }: IPartProps): React.JSX.Element | null {
  return run.code === '' ? null : (
    <Fold name={trans.__('Code')} note={trans._n('%1 line', '%1 lines', run.code.split('\n').length)} open>
      <Code source={run.code} label={trans.__('Code of the run')} />
    </Fold>
  );
}

function Frame({ data, trans }: { data: DataRef; trans: ITrans }): React.JSX.Element {
  const columns = Object.entries(data.schema);
  return (
    <Fold
      name={data.name}
      note={`${data.context} · ${formatCount(data.rows)} × ${formatCount(data.columns)} · ${data.fingerprint.slice(0, 12)}`}
    >
      {data.origin && <p className="nbops-dim nbops-mono">{data.origin}</p>}
      <Pairs
        label={trans.__('Columns of %1', data.name)}
        head={[trans.__('Column'), trans.__('Type')]}
        pairs={columns.map(([name, type]) => [name, <span className="nbops-mono">{type}</span>])}
      />
    </Fold>
  );
}

export function DataPart({ run, trans }: IPartProps): React.JSX.Element | null {
  return run.data.length === 0 ? null : (
    <Fold name={trans.__('Data')} note={String(run.data.length)} open>
      {run.data.map(data => (
        <Frame key={`${data.context}/${data.name}`} data={data} trans={trans} />
      ))}
    </Fold>
  );
}

export function ModelsPart({ run, trans }: IPartProps): React.JSX.Element | null {
  return run.models.length === 0 ? null : (
    <Fold name={trans.__('Models')} note={String(run.models.length)} open>
      <Pairs
        label={trans.__('Models')}
        head={[trans.__('Variable'), trans.__('Model')]}
        pairs={run.models.map(model => [
          model.name,
          <>
            <span className="nbops-mono">{model.class_name}</span>{' '}
            <span className="nbops-dim">
              {[model.size > 0 ? formatSize(model.size) : '', model.task, model.serialization]
                .filter(Boolean)
                .join(', ')}
            </span>
            {model.problem && <span className="nbops-warn"> ▲ {model.problem}</span>}
          </>
        ])}
      />
    </Fold>
  );
}

export function OutputPart({ run, trans }: IPartProps): React.JSX.Element {
  return (
    <>
      {run.error?.traceback && (
        <Fold name={trans.__('Traceback')} open>
          <pre className="nbops-text" tabIndex={0}>
            {run.error.traceback}
          </pre>
        </Fold>
      )}
      {run.stdout && (
        <Fold name={trans.__('Printed')}>
          <pre className="nbops-text" tabIndex={0}>
            {run.stdout}
          </pre>
        </Fold>
      )}
      {run.stderr && (
        <Fold name={trans.__('Printed to stderr')}>
          <pre className="nbops-text" tabIndex={0}>
            {run.stderr}
          </pre>
        </Fold>
      )}
    </>
  );
}

export function EnvironmentPart({ run, trans }: IPartProps): React.JSX.Element | null {
  const { environment, git } = run;
  if (!environment && !git) {
    return null;
  }
  const pairs: [string, React.ReactNode][] = [];
  if (git) {
    const known = git.dirty ? trans.__('with uncommitted changes') : trans.__('clean');
    const state = git.dirty === null ? trans.__('changes not known') : known;
    pairs.push([trans.__('git'), `${git.commit.slice(0, 10)} ${git.branch} (${state})`]);
  }
  if (environment) {
    pairs.push([trans.__('Python'), `${environment.python} · ${environment.platform}`]);
    pairs.push(...Object.entries(environment.packages));
  }
  return (
    <Fold name={trans.__('Environment')} note={git?.commit.slice(0, 7)}>
      <Pairs label={trans.__('Environment')} head={[trans.__('Part'), trans.__('Version')]} pairs={pairs} />
    </Fold>
  );
}

export function RecordPart(props: IPartProps & { onCopy: (text: string) => void }): React.JSX.Element {
  const { run, onCopy, trans } = props;
  const id = (value: string) =>
    value && (
      <>
        <span className="nbops-mono">{value}</span>{' '}
        <button type="button" className="nbops-quiet" onClick={() => onCopy(value)}>
          {trans.__('Copy')}
        </button>
      </>
    );
  const pairs: [string, React.ReactNode][] = [
    [trans.__('run'), id(run.run_id)],
    [trans.__('MLflow run'), id(run.mlflow_run_id)],
    [trans.__('MLflow experiment'), run.mlflow_experiment_id],
    [trans.__('experiment'), run.experiment],
    [trans.__('started'), formatMoment(run.started_at)],
    [trans.__('duration'), formatDuration(run.duration)],
    [trans.__('CPU'), formatDuration(run.cpu)],
    [trans.__('peak memory'), run.peak_memory === null ? '' : formatSize(run.peak_memory)],
    [trans.__('author'), run.author],
    [trans.__('notebook'), run.cell.notebook],
    [trans.__('cell'), run.cell.cell_id],
    ...Object.entries(run.tags).map(([name, value]): [string, string] => [trans.__('tag %1', name), value])
  ];
  return (
    <Fold name={trans.__('Record')}>
      <Pairs
        label={trans.__('Record')}
        head={[trans.__('Field'), trans.__('Value')]}
        pairs={pairs.filter(([, value]) => value !== '')}
      />
    </Fold>
  );
}
