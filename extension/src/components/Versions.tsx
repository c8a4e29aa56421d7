import React, { useState } from 'react';
import type { IRegistryActions } from '../governance';
import { formatAgo, formatMoment, formatNumber, formatSize } from '../model/format';
import type { ModelVersion } from '../records';
import type { ITrans } from '../tokens';

interface IVersionProps {
  readonly version: ModelVersion;
  readonly path: string;
  readonly now: number;
  readonly trans: ITrans;
  readonly actions: IRegistryActions;
  readonly onOpenRun: (runId: string) => void;
}

const METRICS = 3;
const UNSAFE = new Set(['pickle', 'cloudpickle']);

/** One version: where it stands, its figures, and what can be done with it. */
export function VersionItem(props: IVersionProps): React.JSX.Element {
  const { version, path, now, trans, actions, onOpenRun } = props;
  const [open, setOpen] = useState(false);
  const held = version.aliases.length > 0 || ['Staging', 'Production'].includes(version.lifecycle_stage);
  const metrics = Object.entries(version.metrics).slice(0, METRICS);
  const made = [version.class_name, version.size > 0 ? formatSize(version.size) : '']
    .filter(Boolean)
    .join(', ');
  const target = held && version.lifecycle_stage === 'Staging' ? 'Production' : firstTarget(version);
  return (
    <li className="nbops-row" title={`${made} · ${formatMoment(version.created_at)} · ${version.author}`}>
      <span className={held ? 'nbops-good' : 'nbops-faint'} aria-hidden="true">
        {held ? '◆' : '◇'}
      </span>
      <button
        type="button"
        className="nbops-quiet nbops-row-name nbops-version-name"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {trans.__('v%1', version.version)}
      </button>
      <Standing version={version} trans={trans} />
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
        {version.origin === 'nbops' && (
          <button
            type="button"
            className="nbops-quiet"
            aria-label={trans.__('Promote %1 v%2', version.model, version.version)}
            onClick={() => actions.openPromotion({ ...refOf(version, path), target })}
          >
            {trans.__('Promote…')}
          </button>
        )}
        <span className="nbops-push">{formatAgo(version.created_at, now, trans)}</span>
      </span>
      {open && <More {...props} />}
    </li>
  );
}

function refOf(version: ModelVersion, path: string) {
  return { path, name: version.model, version: version.version };
}

/** What a version that stands nowhere is looked at for. */
function firstTarget(version: ModelVersion): string {
  return version.lifecycle_stage === 'Production' || version.lifecycle_stage === 'None'
    ? 'Production'
    : 'Staging';
}

/** Lifecycle stage and aliases, each a word in a pill. */
function Standing({ version, trans }: { version: ModelVersion; trans: ITrans }): React.JSX.Element {
  const { lifecycle_stage, aliases } = version;
  const tone = { None: '', Staging: 'nbops-busy', Production: 'nbops-good', Archived: 'nbops-faint' };
  return (
    <span className="nbops-pills">
      {lifecycle_stage !== 'None' && (
        <span className={`nbops-pill ${tone[lifecycle_stage]}`} title={trans.__('Lifecycle stage')}>
          {lifecycle_stage}
        </span>
      )}
      {aliases.map(alias => (
        <span key={alias} className="nbops-pill nbops-good" title={trans.__('Alias')}>
          {alias}
        </span>
      ))}
    </span>
  );
}

/** What is rarely needed. */
function More({ version, path, trans, actions }: IVersionProps): React.JSX.Element {
  const ref = refOf(version, path);
  const name = `${version.model}@${version.version}`;
  const act = (label: string, onClick: () => void) => (
    <button type="button" className="nbops-quiet" onClick={onClick}>
      {label}
    </button>
  );
  return (
    <div className="nbops-version-more">
      {version.description && <p>{version.description}</p>}
      {version.problem && (
        <p>
          <span className="nbops-warn" aria-hidden="true">
            ▲{' '}
          </span>
          {version.problem}
        </p>
      )}
      <p className="nbops-dim">
        {[version.class_name, version.size > 0 ? formatSize(version.size) : '', version.serialization]
          .filter(Boolean)
          .join(' · ')}
        {version.author && ` · ${version.author}`}
      </p>
      <div className="nbops-actions" role="group" aria-label={trans.__('Actions for %1', name)}>
        {act(trans.__('Lineage'), () => actions.openLineage({ path, start: name }))}
        {act(trans.__('Insert loading code'), () =>
          actions.insertLoad({ name: version.model, version: String(version.version) })
        )}
        {UNSAFE.has(version.serialization) &&
          version.origin === 'nbops' &&
          act(trans.__('Allow loading…'), () => actions.allowPickle(ref))}
        {version.lifecycle_stage !== 'Archived' &&
          version.origin === 'nbops' &&
          act(trans.__('Archive…'), () => actions.archive(ref))}
      </div>
    </div>
  );
}
