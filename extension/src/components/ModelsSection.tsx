import React, { useState } from 'react';
import { formatAgo, formatMoment, formatNumber, formatSize } from '../model/format';
import type { ModelsModel } from '../model/models';
import type { ModelVersion, RegisteredModel } from '../records';
import type { ITrans } from '../tokens';
import { Failure } from './Failure';
import { useNow, useStore } from './hooks';

interface IModelsProps {
  readonly model: ModelsModel;
  readonly trans: ITrans;
  readonly onOpenRun: (runId: string) => void;
}

const METRICS = 3;

/** The registered models, each with its versions. Read-only. */
export function ModelsSection({ model, trans, onOpenRun }: IModelsProps): React.JSX.Element {
  const { models, loaded, loading, failure } = useStore(model);
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
      <ul className="nbops-models" aria-label={trans.__('Registered models')}>
        {models.map(one => (
          <ModelItem
            key={one.name}
            model={one}
            open={!closed.has(one.name)}
            onToggle={() => toggle(one.name)}
            {...{ now, trans, onOpenRun }}
          />
        ))}
      </ul>
    </>
  );
}

interface IModelItemProps {
  readonly model: RegisteredModel;
  readonly open: boolean;
  readonly onToggle: () => void;
  readonly now: number;
  readonly trans: ITrans;
  readonly onOpenRun: (runId: string) => void;
}

function ModelItem({ model, open, onToggle, now, trans, onOpenRun }: IModelItemProps): React.JSX.Element {
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
        <ul className="nbops-versions" aria-label={trans.__('Versions of %1', model.name)}>
          {model.versions.map(version => (
            <VersionItem key={version.version} {...{ version, now, trans, onOpenRun }} />
          ))}
        </ul>
      )}
    </li>
  );
}

interface IVersionProps {
  readonly version: ModelVersion;
  readonly now: number;
  readonly trans: ITrans;
  readonly onOpenRun: (runId: string) => void;
}

function VersionItem({ version, now, trans, onOpenRun }: IVersionProps): React.JSX.Element {
  const named = version.aliases.length > 0;
  const metrics = Object.entries(version.metrics).slice(0, METRICS);
  const made = [version.class_name, version.size > 0 ? formatSize(version.size) : '']
    .filter(Boolean)
    .join(', ');
  return (
    <li className="nbops-row" title={`${made} · ${formatMoment(version.created_at)} · ${version.author}`}>
      <span className={named ? 'nbops-good' : 'nbops-faint'} aria-hidden="true">
        {named ? '◆' : '◇'}
      </span>
      <span className="nbops-row-name">{trans.__('v%1', version.version)}</span>
      <span className="nbops-pills">
        {version.aliases.map(alias => (
          <span key={alias} className="nbops-pill nbops-good">
            {alias}
          </span>
        ))}
      </span>
      <span className="nbops-row-below nbops-dim">
        <span className="nbops-cut">
          {metrics.length > 0
            ? metrics.map(([name, value]) => `${name} ${formatNumber(value)}`).join(' · ')
            : version.class_name}
        </span>
        {version.run_id && (
          <button type="button" className="nbops-quiet" onClick={() => onOpenRun(version.run_id)}>
            {trans.__('Run')}
          </button>
        )}
        <span className="nbops-push">{formatAgo(version.created_at, now, trans)}</span>
      </span>
    </li>
  );
}
