import React from 'react';
import type { IGovernance, IRegistryActions } from '../governance';
import { approvalState, capitalised, gatesMissing, openObstacles, standingWords } from '../model/decision';
import { formatDate, formatMoment } from '../model/format';
import type { PromotionModel } from '../model/promotion';
import type { Approval, PromotionView } from '../records';
import type { ITrans } from '../tokens';
import { CardPart } from './CardPart';
import { Failure } from './Failure';
import { GateTable, ReportNote } from './GateTable';
import { useStore } from './hooks';
import { Holders } from './Holders';
import { PromotionFoot } from './PromotionFoot';
import { VersionChanges } from './VersionChanges';

export interface IPromotionProps {
  readonly model: PromotionModel;
  readonly governance: IGovernance;
  readonly actions: IRegistryActions;
  readonly trans: ITrans;
}

const TARGETS = ['Production', 'Staging', 'champion'];

/** Candidate against holder: the conclusion, the gates behind it, what changed, and what can be done. */
export function Promotion(props: IPromotionProps): React.JSX.Element {
  const { model, trans } = props;
  const { view, failure, loading, wanted } = useStore(model);
  const label = trans.__('Promotion of %1 v%2', wanted.name, wanted.version);
  return (
    <article className="nbops-promotion" aria-label={label} aria-busy={loading}>
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {!view && loading && <p role="status">{trans.__('Loading the version…')}</p>}
      {view && <Body {...props} view={view} />}
    </article>
  );
}

/** The panel with a view to show. */
export type IBodyProps = IPromotionProps & { readonly view: PromotionView };

function Body(props: IBodyProps): React.JSX.Element {
  const { view, governance, model, trans } = props;
  return (
    <>
      <Head {...props} />
      {view.headline && <p className="nbops-headline">{capitalised(view.headline)}</p>}
      <Against view={view} trans={trans} />
      <div className={view.report ? 'nbops-two' : ''}>
        <section aria-label={trans.__('Gates')}>
          {view.report ? (
            <>
              <GateTable report={view.report} trans={trans} />
              <ReportNote report={view.report} current={view.report_current} trans={trans} />
            </>
          ) : (
            <p className="nbops-dim">
              {gatesMissing(view)
                ? trans.__('The gates have not been run for this version yet.')
                : trans.__(
                    'No gates are declared for %1. Declare them in nbops.toml, table [gates].',
                    view.target
                  )}
            </p>
          )}
        </section>
        <div>
          {view.diff && <VersionChanges diff={view.diff} trans={trans} />}
          <Words view={view} trans={trans} />
        </div>
      </div>
      <PromotionFoot {...props} />
      <Holders {...props} />
      <CardPart
        key={view.digest}
        governance={governance}
        version={model.state.wanted}
        readonly={model.state.readonly}
        onWritten={() => void model.refresh()}
        trans={trans}
      />
    </>
  );
}

function Head({ view, model, actions, trans }: IBodyProps): React.JSX.Element {
  const { path } = model.state.wanted;
  const state = approvalState(view, trans);
  const lacking = view.obstacles.some(one => one.kind === 'approvals');
  const targets = [...new Set([...TARGETS, ...view.aliases, view.target])];
  return (
    <header className="nbops-promotion-head">
      <h2>{trans.__('%1 v%2', view.model, view.version)}</h2>
      <label className="nbops-target">
        <span aria-hidden="true">→</span> <span className="nbops-hidden">{trans.__('to')}</span>
        <select
          aria-label={trans.__('Lifecycle stage or alias')}
          value={view.target}
          onChange={event => void model.choose(event.target.value)}
        >
          {targets.map(target => (
            <option key={target}>{target}</option>
          ))}
        </select>
      </label>
      <span className="nbops-dim">{standing(view, trans)}</span>
      <span className="nbops-push">
        <button
          type="button"
          className="nbops-quiet"
          onClick={() => actions.openLineage({ path, start: `${view.model}@${view.version}` })}
        >
          {trans.__('Lineage')}
        </button>
        {state && <span className={`nbops-pill ${lacking ? 'nbops-warn' : 'nbops-good'}`}>{state}</span>}
      </span>
    </header>
  );
}

/** Whom the version would replace, or since when it holds the target. */
function standing(view: PromotionView, trans: ITrans): string {
  const { holder, holder_since, target } = view;
  if (holder === null) {
    return trans.__('nobody holds %1', target);
  }
  const since = holder_since === null ? '' : formatDate(holder_since);
  return holder === view.version
    ? trans.__('holds %1 since %2', target, since)
    : trans.__('would replace v%1, there since %2', holder, since);
}

/** What stands against it, each in its own words. */
function Against({ view, trans }: { view: PromotionView; trans: ITrans }): React.JSX.Element | null {
  const obstacles = openObstacles(view);
  return obstacles.length === 0 ? null : (
    <ul className="nbops-against" aria-label={trans.__('What stands against it')}>
      {obstacles.map((one, i) => (
        <li key={i}>
          <span className={one.kind === 'approvals' ? 'nbops-warn' : 'nbops-bad'} aria-hidden="true">
            {one.kind === 'approvals' ? '◌' : '✕'}
          </span>{' '}
          {capitalised(one.message)}
        </li>
      ))}
    </ul>
  );
}

/** What people have said about this version. */
function Words({ view, trans }: { view: PromotionView; trans: ITrans }): React.JSX.Element | null {
  const { request, can_approve, policy, holder, version } = view;
  const approvals = standingWords(view);
  const barred = policy.approvals > 0 && holder !== version ? can_approve : '';
  if (request?.status !== 'open' && approvals.length === 0 && barred === '') {
    return null;
  }
  return (
    <div className="nbops-said">
      {request?.status === 'open' && (
        <p className="nbops-dim">
          {trans.__('%1 asked on %2', request.requested_by, formatMoment(request.requested_at))}
          {request.comment && <>, “{request.comment}”</>}
        </p>
      )}
      {approvals.map(approval => (
        <Said key={approval.id} approval={approval} trans={trans} />
      ))}
      {barred && <p>{barred}</p>}
    </div>
  );
}

function Said({ approval, trans }: { approval: Approval; trans: ITrans }): React.JSX.Element {
  const { actor, at, comment, self_approved, expires_at } = approval;
  const moment = formatMoment(at);
  return (
    <p className="nbops-dim">
      {approval.verdict === 'approve'
        ? trans.__('%1 approved on %2', actor, moment)
        : trans.__('%1 rejected on %2', actor, moment)}
      {comment && <>, “{comment}”</>}
      {self_approved && <span className="nbops-warn"> ▲ {trans.__('self-approved')}</span>}
      {expires_at !== null && <> · {trans.__('until %1', formatDate(expires_at))}</>}
    </p>
  );
}
