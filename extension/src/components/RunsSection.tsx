import React, { useCallback, useEffect, useState } from 'react';
import { baseName, formatCount } from '../model/format';
import type { RunsModel } from '../model/runs';
import type { RunRow } from '../records';
import type { ITrans } from '../tokens';
import { Failure } from './Failure';
import { useNow, useStore } from './hooks';
import { RunLine } from './RunRow';
import { WindowedList } from './WindowedList';

interface IRunsProps {
  readonly model: RunsModel;
  readonly trans: ITrans;
}

const ROW_HEIGHT = 46;
const TYPING = 250;
const HERE = 'here';
const ALL = 'all';
const EXPERIMENT = 'experiment:';

/** Which runs are listed: this notebook's, all, or one experiment's; and how many there are. */
export function ScopeSelect({ model, trans }: IRunsProps): React.JSX.Element {
  const { query, experiments, total, loaded } = useStore(model);
  const value = query.onlyNotebook ? HERE : query.experiment ? EXPERIMENT + query.experiment : ALL;
  const choose = (choice: string) =>
    void model.ask({
      onlyNotebook: choice === HERE,
      experiment: choice.startsWith(EXPERIMENT) ? choice.slice(EXPERIMENT.length) : ''
    });
  const names = query.experiment ? [...new Set([...experiments, query.experiment])] : experiments;
  return (
    <span className="nbops-scope">
      <select
        aria-label={trans.__('Which runs')}
        value={value}
        onChange={event => choose(event.target.value)}
      >
        {(query.path || query.onlyNotebook) && (
          <option value={HERE}>{baseName(query.path) || trans.__('This notebook')}</option>
        )}
        <option value={ALL}>{trans.__('All experiments')}</option>
        {names.map(name => (
          <option key={name} value={EXPERIMENT + name}>
            {name}
          </option>
        ))}
      </select>
      <span className="nbops-num" role="status" aria-label={trans._n('%1 run', '%1 runs', total)}>
        {loaded ? `· ${formatCount(total)}` : ''}
      </span>
    </span>
  );
}

function SearchBox({ model, trans }: IRunsProps): React.JSX.Element {
  const { query } = useStore(model);
  const [text, setText] = useState(query.search);
  useEffect(() => {
    if (text === model.state.query.search) {
      return;
    }
    const timer = setTimeout(() => void model.ask({ search: text }), TYPING);
    return () => clearTimeout(timer);
  }, [text, model]);
  return (
    <input
      type="search"
      value={text}
      aria-label={trans.__('Filter runs')}
      placeholder={trans.__('name, or auc > 0.85')}
      title={trans.__('Part of a name, or conditions such as: auc > 0.85 and params.max_depth = 6')}
      onChange={event => setText(event.target.value)}
    />
  );
}

function SortControl({ model, trans }: IRunsProps): React.JSX.Element {
  const { query, metricNames } = useStore(model);
  const metrics =
    query.sort === 'started_at' ? metricNames : [...new Set([...metricNames, query.sort])].sort();
  const down = query.descending;
  return (
    <span className="nbops-sort">
      <select
        aria-label={trans.__('Sort by')}
        value={query.sort}
        onChange={event => void model.ask({ sort: event.target.value })}
      >
        <option value="started_at">{trans.__('time')}</option>
        {metrics.map(name => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <button
        type="button"
        aria-label={
          down ? trans.__('Descending; switch to ascending') : trans.__('Ascending; switch to descending')
        }
        title={down ? trans.__('Descending') : trans.__('Ascending')}
        onClick={() => void model.ask({ descending: !down })}
      >
        <span aria-hidden="true">{down ? '↓' : '↑'}</span>
      </button>
    </span>
  );
}

function Nothing({ model, trans }: IRunsProps): React.JSX.Element {
  const { query } = useStore(model);
  if (query.search) {
    return <p className="nbops-empty">{trans.__('No run agrees with the filter.')}</p>;
  }
  if (query.onlyNotebook) {
    return (
      <div className="nbops-empty">
        <p>{trans.__('No runs of this notebook yet. Begin a cell with %1 and run it.', '%%track')}</p>
        <button type="button" className="nbops-quiet" onClick={() => void model.ask({ onlyNotebook: false })}>
          {trans.__('Show all experiments')}
        </button>
      </div>
    );
  }
  return (
    <p className="nbops-empty">
      {trans.__(
        'No runs yet. In a notebook, run %1 once, then begin a cell with %2.',
        '%load_ext nbops',
        '%%track'
      )}
    </p>
  );
}

/** The list of runs with its filter. */
export function RunsSection(props: IRunsProps & { onOpen: (row: RunRow) => void }): React.JSX.Element {
  const { model, trans, onOpen } = props;
  const { query, total, loaded, loading, failure } = useStore(model);
  const now = useNow();
  const [active, setActive] = useState(0);
  const metric = query.sort === 'started_at' ? '' : query.sort;
  const question = JSON.stringify(query);
  // The answer to another question begins at its top.
  useEffect(() => setActive(0), [question]);
  const onRange = useCallback((first: number, last: number) => void model.need(first, last), [model]);
  const open = (index: number) => {
    const row = model.row(index);
    if (row) {
      onOpen(row);
    }
  };
  return (
    <>
      <div className="nbops-search">
        <SearchBox model={model} trans={trans} />
        <SortControl model={model} trans={trans} />
      </div>
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {!loaded && loading && (
        <p className="nbops-empty" role="status">
          {trans.__('Loading runs…')}
        </p>
      )}
      {loaded && total === 0 && !failure && <Nothing model={model} trans={trans} />}
      {total > 0 && (
        <WindowedList
          key={question}
          label={trans.__('Runs')}
          count={total}
          rowHeight={ROW_HEIGHT}
          active={Math.min(active, total - 1)}
          onActive={setActive}
          onOpen={open}
          onRange={onRange}
          render={index => <RunLine row={model.row(index)} metric={metric} now={now} trans={trans} />}
        />
      )}
    </>
  );
}
