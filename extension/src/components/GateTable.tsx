import React, { useState } from 'react';
import { formatGate, formatMoment } from '../model/format';
import type { GateReport, GateResult } from '../records';
import type { ITrans } from '../tokens';
import { Evidence } from './Evidence';

interface IGateTableProps {
  readonly report: GateReport;
  readonly trans: ITrans;
}

/** Every gate with its value, what it is compared to, and its verdict in shape and word. */
export function GateTable({ report, trans }: IGateTableProps): React.JSX.Element {
  const champion = report.champion === null ? trans.__('holder') : trans.__('v%1', report.champion);
  return (
    <div className="nbops-wide-table">
      <table className="nbops-table nbops-gates" aria-label={trans.__('Gates')}>
        <thead>
          <tr>
            <th scope="col">{trans.__('gate')}</th>
            <th scope="col" className="nbops-right">
              {champion}
            </th>
            <th scope="col" className="nbops-right">
              {trans.__('v%1', report.version)}
            </th>
            <th scope="col">{trans.__('limit')}</th>
            <th scope="col">{trans.__('verdict')}</th>
          </tr>
        </thead>
        <tbody>
          {report.gates.map(gate => (
            <GateRow key={gate.name} gate={gate} trans={trans} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function GateRow({ gate, trans }: { gate: GateResult; trans: ITrans }): React.JSX.Element {
  const [open, setOpen] = useState(false);
  const evidence = Object.entries(gate.evidence).filter(([, value]) => value !== null && value !== '');
  const said = gate.verdict !== 'passed' && gate.message !== '';
  const shown = open && evidence.length > 0;
  return (
    <>
      <tr className={said || shown ? 'nbops-joined' : ''}>
        <th scope="row" title={gate.kind}>
          {gate.name}
        </th>
        <td className="nbops-num nbops-right">{gate.champion !== null && formatGate(gate.champion)}</td>
        <td className="nbops-num nbops-right">
          {gate.value === null ? '–' : formatGate(gate.value, gate.kind === 'champion')}
          <Interval gate={gate} trans={trans} />
        </td>
        <td className="nbops-dim nbops-limit">{gate.limit}</td>
        <td className="nbops-verdicts">
          <Verdict gate={gate} trans={trans} />
          {evidence.length > 0 && (
            <button
              type="button"
              className="nbops-quiet"
              aria-expanded={open}
              aria-label={trans.__('Evidence of %1', gate.name)}
              onClick={() => setOpen(!open)}
            >
              {trans.__('why')}
            </button>
          )}
        </td>
      </tr>
      {(said || shown) && (
        <tr>
          <td colSpan={5} className="nbops-gate-message">
            {said && <p>{gate.message}</p>}
            {shown && <Evidence evidence={evidence} />}
          </td>
        </tr>
      )}
    </>
  );
}

function Interval({ gate, trans }: { gate: GateResult; trans: ITrans }): React.JSX.Element | null {
  if (gate.low === null || gate.high === null) {
    return null;
  }
  const [low, high] = [formatGate(gate.low), formatGate(gate.high)];
  return (
    <span className="nbops-interval nbops-dim" title={trans.__('95 % interval')}>
      <span className="nbops-hidden">{trans.__('95 % interval from %1 to %2', low, high)}</span>
      <span aria-hidden="true">
        {low} … {high}
      </span>
    </span>
  );
}

/** Passed, narrowly passed, failed or broken: by shape and word, colour third. */
export function Verdict({ gate, trans }: { gate: GateResult; trans: ITrans }): React.JSX.Element {
  const [tone, shape, word] =
    gate.verdict === 'error'
      ? ['nbops-bad', '▲', trans.__('error')]
      : gate.verdict === 'failed'
        ? ['nbops-bad', '✕', trans.__('failed')]
        : gate.close
          ? ['nbops-warn', '✓', trans.__('close')]
          : ['nbops-good', '✓', trans.__('passed')];
  const plain = gate.verdict === 'passed' && !gate.close;
  return (
    <span className={`nbops-sign ${tone}`} title={gate.message || word}>
      <span aria-hidden="true">{shape}</span>{' '}
      <span className={plain ? 'nbops-hidden' : undefined}>{word}</span>
    </span>
  );
}

/** When the gates were run, by whom, and whether that still counts. */
export function ReportNote(props: {
  report: GateReport;
  current: boolean;
  trans: ITrans;
}): React.JSX.Element {
  const { report, current, trans } = props;
  return (
    <p className="nbops-dim nbops-report-note">
      {!current && (
        <span className="nbops-warn">
          ▲ {trans.__('This report is not current any more: run the gates again.')}{' '}
        </span>
      )}
      {trans.__(
        'Gates run %1 by %2.',
        formatMoment(report.created_at),
        report.actor || trans.__('nobody known')
      )}
    </p>
  );
}
