import React, { useEffect } from 'react';
import type { AuditModel } from '../model/audit';
import { eventSign, subject } from '../model/events';
import { formatAgo, formatCount, formatMoment } from '../model/format';
import type { AuditEvent, AuditVerdict } from '../records';
import type { ITrans } from '../tokens';
import { Failure } from './Failure';
import { useNow, useStore } from './hooks';

interface IAuditProps {
  readonly model: AuditModel;
  /** Names of the registered models, to choose from. */
  readonly names: readonly string[];
  readonly trans: ITrans;
}

/** The newest events of the audit log, and the proof that nothing in it was changed. */
export function AuditSection({ model, names, trans }: IAuditProps): React.JSX.Element {
  const { events, loaded, failure, limit, verifying } = useStore(model);
  const now = useNow();
  useEffect(() => {
    model.active = true;
    void model.refresh();
    return () => {
      model.active = false;
    };
  }, [model]);
  return (
    <>
      <div className="nbops-search">
        <ModelSelect {...{ model, names, trans }} />
        <button type="button" disabled={verifying} onClick={() => void model.verify()}>
          {verifying ? trans.__('Verifying…') : trans.__('Verify')}
        </button>
      </div>
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      <Verdict model={model} trans={trans} />
      {loaded && events.length === 0 && !failure && (
        <p className="nbops-empty">{trans.__('Nothing has been decided here yet.')}</p>
      )}
      <ol className="nbops-events" aria-label={trans.__('Events, newest first')}>
        {[...events].reverse().map(event => (
          <EventLine key={event.seq} {...{ event, now, trans }} />
        ))}
      </ol>
      {events.length >= limit && (
        <button type="button" className="nbops-quiet nbops-older" onClick={() => void model.older()}>
          {trans.__('Older events')}
        </button>
      )}
    </>
  );
}

function ModelSelect({ model, names, trans }: IAuditProps): React.JSX.Element {
  const chosen = useStore(model).model;
  return (
    <select
      aria-label={trans.__('Events of')}
      value={chosen}
      onChange={event => void model.choose(event.target.value)}
    >
      <option value="">{trans.__('All models')}</option>
      {[...new Set([...names, chosen])].filter(Boolean).map(name => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

function Verdict({ model, trans }: { model: AuditModel; trans: ITrans }): React.JSX.Element {
  const { verdict } = useStore(model);
  return (
    <div role="status" className="nbops-verdict">
      {verdict &&
        (verdict.ok ? (
          <Proved verdict={verdict} trans={trans} />
        ) : (
          <Broken verdict={verdict} trans={trans} />
        ))}
    </div>
  );
}

function Proved({ verdict, trans }: { verdict: AuditVerdict; trans: ITrans }): React.JSX.Element {
  return (
    <p>
      <span className="nbops-good">✓ {trans.__('Log and registry agree.')}</span>{' '}
      <span className="nbops-dim">
        {trans.__('%1 events, %2 rows', formatCount(verdict.events), formatCount(verdict.rows))}
        {verdict.anchors > 0 &&
          `, ${trans._n('%1 head noted outside', '%1 heads noted outside', verdict.anchors)}`}
      </span>
    </p>
  );
}

const SHOWN = 20;

function Broken({ verdict, trans }: { verdict: AuditVerdict; trans: ITrans }): React.JSX.Element {
  const { problems } = verdict;
  return (
    <>
      <p className="nbops-bad">
        ✕ {trans._n('%1 thing cannot be:', '%1 things cannot be:', problems.length)}
      </p>
      <ul>
        {problems.slice(0, SHOWN).map((problem, i) => (
          <li key={i}>
            {problem.seq > 0 && <span className="nbops-mono">#{problem.seq} </span>}
            {problem.message}
          </li>
        ))}
      </ul>
      {problems.length > SHOWN && <p className="nbops-dim">{trans.__('The rest: nbops audit verify')}</p>}
    </>
  );
}

function EventLine(props: { event: AuditEvent; now: number; trans: ITrans }): React.JSX.Element {
  const { event, now, trans } = props;
  const sign = eventSign(event, trans);
  const why = event.detail['why'];
  const said = event.reason || (Array.isArray(why) ? why.join('; ') : '');
  return (
    <li className="nbops-row" title={`#${event.seq} · ${formatMoment(event.at)}`}>
      <span className={`nbops-${sign.tone}`} aria-hidden="true">
        {sign.shape}
      </span>
      <span className="nbops-event-what">
        {sign.word} <span className="nbops-event-subject">{subject(event, trans)}</span>
      </span>
      <span className="nbops-dim nbops-num">{formatAgo(event.at, now, trans)}</span>
      <span className="nbops-row-below nbops-dim">
        <span className="nbops-cut" title={said}>
          {event.actor}
          {said && `: ${said}`}
        </span>
        <span className="nbops-push nbops-mono">#{event.seq}</span>
      </span>
    </li>
  );
}
