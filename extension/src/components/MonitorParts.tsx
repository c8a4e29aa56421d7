import React from 'react';
import type { IMonitorActions, IMonitorView } from '../monitors';
import { formatCount, formatMoment } from '../model/format';
import {
  figureOf,
  incidentSign,
  incidentWords,
  kindWord,
  monitorSign,
  windowWords
} from '../model/monitorWords';
import { whenWords } from '../model/when';
import type { CheckSeries, Incident, MonitorRun } from '../records';
import type { ITrans } from '../tokens';
import { CheckChart } from './CheckChart';
import { useMore } from './More';
import { Sign } from './Sign';

export interface IMonitorPartProps {
  readonly view: IMonitorView;
  readonly path: string;
  readonly now: number;
  readonly actions: IMonitorActions;
  readonly trans: ITrans;
}

/** Trouble: what is open, what somebody looks after, and, folded, what is over. */
export function Incidents(props: IMonitorPartProps): React.JSX.Element {
  const { view, trans } = props;
  const over = view.incidents.filter(one => one.state === 'recovered');
  const open = view.incidents.filter(one => one.state !== 'recovered');
  const [shown, more] = useMore(over, trans);
  return (
    <section aria-label={trans.__('Trouble')}>
      <h3>{trans.__('Trouble')}</h3>
      {open.length === 0 && <p className="nbops-empty">{trans.__('Nothing is open.')}</p>}
      <ul className="nbops-plain-list nbops-incidents" aria-label={trans.__('Open trouble')}>
        {open.map(incident => (
          <IncidentItem key={incident.id} {...props} incident={incident} />
        ))}
      </ul>
      {over.length > 0 && (
        <details className="nbops-fold">
          <summary>{trans._n('%1 is over', '%1 are over', over.length)}</summary>
          <ul className="nbops-plain-list nbops-incidents" aria-label={trans.__('Trouble that is over')}>
            {shown.map(incident => (
              <IncidentItem key={incident.id} {...props} incident={incident} />
            ))}
          </ul>
          {more}
        </details>
      )}
    </section>
  );
}

function IncidentItem(props: IMonitorPartProps & { incident: Incident }): React.JSX.Element {
  const { incident, path, now, actions, trans } = props;
  const { check, message, acknowledged_by, reason, undelivered, id, monitor } = incident;
  return (
    <li>
      <div className="nbops-incident-head">
        <Sign sign={incidentSign(incident, trans)} />
        <strong>{message || check}</strong>
        {incident.state === 'open' && (
          <button
            type="button"
            aria-label={trans.__('Acknowledge %1', check)}
            onClick={() => actions.acknowledge({ path, name: monitor, incident: id, what: message || check })}
          >
            {trans.__('Acknowledge…')}
          </button>
        )}
      </div>
      <div className="nbops-dim" title={formatMoment(incident.opened_at)}>
        {trans.__('%1, %2', check, incidentWords(incident, now, trans))}
      </div>
      {acknowledged_by && (
        <div className="nbops-dim">
          {reason
            ? trans.__('acknowledged by %1: %2', acknowledged_by, reason)
            : trans.__('acknowledged by %1', acknowledged_by)}
        </div>
      )}
      {undelivered && (
        <div className="nbops-bad">✕ {trans.__('somebody could not be told: %1', undelivered)}</div>
      )}
    </li>
  );
}

/** Every check with its course. */
export function Checks({ view, trans }: IMonitorPartProps): React.JSX.Element {
  const { series } = view.summary;
  return (
    <section aria-label={trans.__('Checks')}>
      <h3>{trans.__('Checks')}</h3>
      {series.length === 0 && <p className="nbops-empty">{trans.__('It has not looked yet.')}</p>}
      <ul className="nbops-plain-list nbops-checks">
        {series.map(one => (
          <CheckItem key={one.check} series={one} trans={trans} />
        ))}
      </ul>
    </section>
  );
}

function CheckItem({ series, trans }: { series: CheckSeries; trans: ITrans }): React.JSX.Element {
  const { check, kind, state, message, values } = series;
  const last = values[values.length - 1] ?? null;
  return (
    <li aria-label={trans.__('Check %1', check)}>
      <div className="nbops-incident-head">
        <Sign sign={monitorSign(state, trans)} quiet />
        <strong>{check}</strong>
        {kind !== check && <span className="nbops-dim">{kindWord(kind, trans)}</span>}
        {last !== null && <span className="nbops-push nbops-num">{figureOf(last, kind)}</span>}
      </div>
      <p className={state === 'error' ? 'nbops-bad' : 'nbops-dim'} title={message}>
        {message || monitorSign(state, trans).word}
      </p>
      <CheckChart series={series} trans={trans} />
    </li>
  );
}

/** What it saw, the newest first; each look opens its report. */
export function Looks(props: IMonitorPartProps): React.JSX.Element {
  const { view, trans } = props;
  const [shown, more] = useMore(view.runs, trans);
  return (
    <section aria-label={trans.__('Looks')}>
      <h3>{trans.__('Looks')}</h3>
      {view.runs.length === 0 ? (
        <p className="nbops-empty">{trans.__('It has not looked yet.')}</p>
      ) : (
        <div className="nbops-wide-table">
          <table className="nbops-table nbops-due" aria-label={trans.__('Looks, newest first')}>
            <thead>
              <tr>
                <th scope="col">{trans.__('at')}</th>
                <th scope="col">{trans.__('found')}</th>
                <th scope="col">{trans.__('what')}</th>
                <th scope="col">{trans.__('window')}</th>
                <th scope="col" className="nbops-right">
                  {trans.__('rows')}
                </th>
                <th scope="col">
                  <span className="nbops-hidden">{trans.__('Report')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map(run => (
                <Look key={run.id} {...props} run={run} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {more}
    </section>
  );
}

function Look(props: IMonitorPartProps & { run: MonitorRun }): React.JSX.Element {
  const { run, path, now, actions, trans } = props;
  const when = whenWords(run.at, now, trans);
  const open = () => actions.report({ path, name: run.monitor, run: run.id, label: when });
  return (
    <tr className={run.report ? 'nbops-opens' : ''} onClick={run.report ? open : undefined}>
      <th scope="row" title={formatMoment(run.at)}>
        {when}
      </th>
      <td>
        <Sign sign={monitorSign(run.state, trans)} />
      </td>
      <td>{run.error ? <span className="nbops-bad">{run.error}</span> : run.sentence}</td>
      <td>
        {windowWords(run, trans)}
        {run.version !== null && <span className="nbops-dim"> · {trans.__('v%1', run.version)}</span>}
      </td>
      <td className="nbops-num nbops-right">{formatCount(run.rows)}</td>
      <td>
        {run.report && (
          <button
            type="button"
            className="nbops-quiet"
            aria-label={trans.__('Report of %1', when)}
            onClick={event => {
              event.stopPropagation();
              open();
            }}
          >
            {trans.__('Report')}
          </button>
        )}
      </td>
    </tr>
  );
}
