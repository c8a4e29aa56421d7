import React from 'react';
import { actionWord } from '../model/events';
import { formatMoment } from '../model/format';
import type { Placement } from '../records';
import type { ITrans } from '../tokens';
import { useStore } from './hooks';
import { Fold } from './Pairs';
import type { IBodyProps } from './Promotion';

/** Who held the target, from when until when, and the way back to them. */
export function Holders(props: IBodyProps): React.JSX.Element | null {
  const { view, model, actions, trans } = props;
  const { readonly } = useStore(model);
  const past = [...view.history].filter(one => one.target === view.target).reverse();
  if (past.length === 0) {
    return null;
  }
  const back = async (version: number) => {
    const reason = await actions.ask({
      title: trans.__('Roll %1 back to v%2?', view.target, version),
      text: trans.__(
        'v%1 held it before and takes it from v%2. You act as %3.',
        version,
        view.holder ?? '–',
        view.me.name
      ),
      verb: trans.__('Roll back'),
      reason: true
    });
    if (reason !== null && (await model.act('rollback', reason, version))) {
      actions.changed();
    }
  };
  const offered = readonly ? new Map<Placement, number>() : waysBack(past, view.holder);
  return (
    <Fold name={trans.__('Who held %1', view.target)} note={String(past.length)} open>
      <div className="nbops-wide-table">
        <table className="nbops-table nbops-holders" aria-label={trans.__('Who held %1', view.target)}>
          <thead>
            <tr>
              <th scope="col">{trans.__('version')}</th>
              <th scope="col">{trans.__('from')}</th>
              <th scope="col">{trans.__('until')}</th>
              <th scope="col">{trans.__('by')}</th>
              <th scope="col">{trans.__('why')}</th>
              <th scope="col">
                <span className="nbops-hidden">{trans.__('Decisions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {past.map((one, i) => (
              <tr key={i}>
                <th scope="row">
                  {one.version === null ? trans.__('nobody') : trans.__('v%1', one.version)}
                </th>
                <td>{formatMoment(one.at)}</td>
                <td>{one.until === null ? trans.__('now') : formatMoment(one.until)}</td>
                <td>
                  {one.actor}
                  {one.self_approved && <span className="nbops-warn"> ▲ {trans.__('self-approved')}</span>}
                </td>
                <td>
                  {[one.kind === 'promote' ? '' : actionWord(one.kind, trans), one.reason]
                    .filter(Boolean)
                    .join(': ')}
                </td>
                <td>
                  <WayBack version={offered.get(one)} onClick={back} trans={trans} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Fold>
  );
}

/** Where a former holder is offered: each once, beside the last time it held. */
function waysBack(newestFirst: readonly Placement[], holder: number | null): ReadonlyMap<Placement, number> {
  const found = new Map<Placement, number>();
  const known = new Set([holder]);
  for (const one of newestFirst) {
    if (one.version !== null && !known.has(one.version)) {
      known.add(one.version);
      found.set(one, one.version);
    }
  }
  return found;
}

interface IWayBackProps {
  readonly version: number | undefined;
  readonly onClick: (version: number) => Promise<void>;
  readonly trans: ITrans;
}

function WayBack({ version, onClick, trans }: IWayBackProps): React.JSX.Element | null {
  return version === undefined ? null : (
    <button type="button" className="nbops-quiet" onClick={() => void onClick(version)}>
      {trans.__('Roll back to v%1…', version)}
    </button>
  );
}
