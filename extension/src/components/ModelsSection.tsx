import React, { useState } from 'react';
import type { IRegistryActions } from '../governance';
import { formatAgo } from '../model/format';
import type { ModelsModel } from '../model/models';
import type { WaitingModel } from '../model/waiting';
import type { ForeignChange, PromotionRequest, RegisteredModel } from '../records';
import type { ITrans } from '../tokens';
import { Failure } from './Failure';
import { useNow, useStore } from './hooks';
import { VersionItem } from './Versions';

interface IModelsProps {
  readonly model: ModelsModel;
  readonly waiting: WaitingModel;
  readonly actions: IRegistryActions;
  readonly trans: ITrans;
  readonly onOpenRun: (runId: string) => void;
}

/** What waits for a decision, and the registered models, each with its versions. */
export function ModelsSection(props: IModelsProps): React.JSX.Element {
  const { model, waiting, actions, trans, onOpenRun } = props;
  const { models, path, loaded, loading, failure } = useStore(model);
  const now = useNow();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const toggle = (name: string) => {
    const next = new Set(closed);
    if (!next.delete(name)) {
      next.add(name);
    }
    setClosed(next);
  };
  return (
    <>
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {!loaded && loading && (
        <p className="nbops-empty" role="status">
          {trans.__('Loading models…')}
        </p>
      )}
      {loaded && models.length === 0 && !failure && (
        <p className="nbops-empty">
          {trans.__(
            'No registered models yet. Open a run that made one and choose Register, or type %1.',
            '%register NAME'
          )}
        </p>
      )}
      <Waiting {...{ waiting, actions, now, trans }} />
      <ul className="nbops-models" aria-label={trans.__('Registered models')}>
        {models.map(one => (
          <ModelItem
            key={one.name}
            model={one}
            open={!closed.has(one.name)}
            onToggle={() => toggle(one.name)}
            {...{ path, now, trans, actions, onOpenRun }}
          />
        ))}
      </ul>
    </>
  );
}

interface IWaitingProps {
  readonly waiting: WaitingModel;
  readonly actions: IRegistryActions;
  readonly now: number;
  readonly trans: ITrans;
}

function Waiting({ waiting, actions, now, trans }: IWaitingProps): React.JSX.Element | null {
  const { requests, path } = useStore(waiting);
  const review = ({ model, version, target }: PromotionRequest) =>
    actions.openPromotion({ path, name: model, version, target });
  return requests.length === 0 ? null : (
    <ul className="nbops-waiting" aria-label={trans.__('Waiting for approval')}>
      {requests.map(one => (
        <li key={one.id} className="nbops-row">
          <span className="nbops-warn" aria-hidden="true">
            ◌
          </span>
          <span className="nbops-cut">{trans.__('%1 v%2 → %3', one.model, one.version, one.target)}</span>
          <button
            type="button"
            className="nbops-quiet"
            aria-label={trans.__('Review %1 v%2 for %3', one.model, one.version, one.target)}
            onClick={() => review(one)}
          >
            {trans.__('Review')}
          </button>
          <span className="nbops-row-below nbops-dim">
            <span className="nbops-cut">
              {trans.__('approval asked by %1', one.requested_by)}
              {one.comment && `: ${one.comment}`}
            </span>
            <span className="nbops-push">{formatAgo(one.requested_at, now, trans)}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

interface IModelItemProps {
  readonly model: RegisteredModel;
  readonly path: string;
  readonly open: boolean;
  readonly onToggle: () => void;
  readonly now: number;
  readonly trans: ITrans;
  readonly actions: IRegistryActions;
  readonly onOpenRun: (runId: string) => void;
}

function ModelItem(props: IModelItemProps): React.JSX.Element {
  const { model, open, onToggle, path, now, trans, actions, onOpenRun } = props;
  return (
    <li>
      <button type="button" className="nbops-model-head" aria-expanded={open} onClick={onToggle}>
        <span aria-hidden="true">{open ? '▾' : '▸'}</span>
        <span className="nbops-row-name">{model.name}</span>
        {model.origin === 'mlflow' && <span className="nbops-pill">mlflow</span>}
        <span className="nbops-push nbops-dim nbops-num">
          {trans._n('%1 version', '%1 versions', model.versions.length)}
        </span>
      </button>
      {open && (
        <>
          {model.foreign.map(change => (
            <Foreign key={`${change.kind}/${change.name}`} change={change} trans={trans} />
          ))}
          <ul className="nbops-versions" aria-label={trans.__('Versions of %1', model.name)}>
            {model.versions.map(version => (
              <VersionItem key={version.version} {...{ version, path, now, trans, actions, onOpenRun }} />
            ))}
          </ul>
        </>
      )}
    </li>
  );
}

/** Something that was changed in MLflow's registry: shown, never taken over. */
function Foreign({ change, trans }: { change: ForeignChange; trans: ITrans }): React.JSX.Element {
  const nothing = trans.__('nothing');
  return (
    <p className="nbops-foreign">
      <span className="nbops-warn">▲ {trans.__('not through the gate:')}</span>{' '}
      {trans.__(
        '%1 %2 is %3 in MLflow, %4 here',
        change.kind,
        change.name,
        change.found || nothing,
        change.expected || nothing
      )}
    </p>
  );
}
