import React, { useId, useState } from 'react';
import { fromList } from '../model/assignments';
import { toNumber } from '../model/format';
import { zones } from '../model/when';
import type { MonitorDraft } from '../monitors';
import type { RegisteredModel } from '../records';
import type { ITrans } from '../tokens';
import { CheckFields } from './CheckFields';

export interface IMonitorFormProps {
  readonly draft: MonitorDraft;
  /** Whether it has a name already, which stays. */
  readonly named: boolean;
  readonly models: readonly RegisteredModel[];
  readonly onChange: (change: Partial<MonitorDraft>) => void;
  readonly trans: ITrans;
}

const LAB = 'lab';
const PREDICTIONS = 'predictions';
const WINDOWS = ['1h', '1d', '7d', '1 month', '1000 rows', 'all'];
const TARGETS = ['Production', 'Staging', 'champion'];

/** What is watched, against what, when, with which checks, and who is told. */
export function MonitorForm(props: IMonitorFormProps): React.JSX.Element {
  const { draft, named, onChange, trans } = props;
  return (
    <div className="nbops-form nbops-schedule-form">
      <label>
        {trans.__('Name')}
        <input
          required
          readOnly={named}
          value={draft.name}
          placeholder="churn-daily"
          onChange={event => onChange({ name: event.target.value })}
        />
      </label>
      <Subject {...props} />
      <Source {...props} />
      <Times {...props} />
      <CheckFields checks={draft.checks} onChange={checks => onChange({ checks })} trans={trans} />
      <Routes {...props} />
    </div>
  );
}

/** The model, and which of its versions. */
function Subject({ draft, models, onChange, trans }: IMonitorFormProps): React.JSX.Element {
  const [name, target = ''] = draft.model.split('@');
  const known = models.find(one => one.name === name);
  const versions = (known?.versions ?? []).map(one => String(one.version));
  const targets = [...new Set([...TARGETS, ...versions, target])].filter(Boolean);
  const set = (model: string, at: string) => onChange({ model: model && at ? `${model}@${at}` : model });
  return (
    <>
      <label>
        {trans.__('Model')}
        <select value={name} onChange={event => set(event.target.value, target)}>
          <option value="">{trans.__('none: only data are watched')}</option>
          {[...new Set([...models.map(one => one.name), name])].filter(Boolean).map(one => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      {name && (
        <label>
          {trans.__('Version')}
          <select value={target} onChange={event => set(name, event.target.value)}>
            <option value="">{trans.__('the one in use')}</option>
            {targets.map(one => (
              <option key={one} value={one}>
                {/^\d+$/.test(one) ? trans.__('v%1', one) : one}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}

/** Where the data come from, and what they are held against. */
function Source({ draft, onChange, trans }: IMonitorFormProps): React.JSX.Element {
  const files = draft.source !== PREDICTIONS;
  return (
    <>
      <label>
        {trans.__('Watches')}
        <select
          value={files ? 'files' : PREDICTIONS}
          onChange={event => onChange({ source: event.target.value === 'files' ? '' : PREDICTIONS })}
        >
          <option value={PREDICTIONS}>{trans.__('the predictions of the model')}</option>
          <option value="files">{trans.__('files')}</option>
        </select>
      </label>
      {files && (
        <>
          <label>
            {trans.__('Files')}
            <input
              required
              className="nbops-mono"
              value={draft.source}
              placeholder="data/scored/*.parquet"
              spellCheck={false}
              onChange={event => onChange({ source: event.target.value })}
            />
          </label>
          <label>
            {trans.__('Column with the time')}
            <input
              value={draft.time}
              placeholder={trans.__('none: the files as a whole')}
              spellCheck={false}
              onChange={event => onChange({ time: event.target.value })}
            />
          </label>
        </>
      )}
      <label>
        {trans.__('Held against')}
        <input
          className={draft.reference ? 'nbops-mono' : ''}
          value={draft.reference}
          placeholder={draft.model ? trans.__('the data its version was trained on') : 'data/train.parquet'}
          spellCheck={false}
          onChange={event => onChange({ reference: event.target.value })}
        />
      </label>
    </>
  );
}

/** How much is looked at, and when. */
function Times({ draft, onChange, trans }: IMonitorFormProps): React.JSX.Element {
  const id = useId();
  return (
    <>
      <label>
        {trans.__('Window')}
        <input
          list={`${id}-windows`}
          value={draft.window}
          spellCheck={false}
          onChange={event => onChange({ window: event.target.value })}
        />
        <datalist id={`${id}-windows`}>
          {WINDOWS.map(one => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </label>
      <div className="nbops-field">
        <label>
          {trans.__('Times (cron)')}
          <input
            className="nbops-mono"
            value={draft.cron}
            spellCheck={false}
            placeholder={trans.__('none: only when asked to')}
            aria-describedby={`${id}-cron`}
            onChange={event => onChange({ cron: event.target.value })}
          />
        </label>
        <small id={`${id}-cron`} className="nbops-dim">
          {trans.__('minute hour day month weekday; or @daily')}
        </small>
      </div>
      <label>
        {trans.__('Time zone')}
        <input
          list={`${id}-zones`}
          value={draft.timezone}
          spellCheck={false}
          onChange={event => onChange({ timezone: event.target.value })}
        />
        <datalist id={`${id}-zones`}>
          {zones().map(zone => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </label>
    </>
  );
}

function Routes({ draft, onChange, trans }: IMonitorFormProps): React.JSX.Element {
  const [text, setText] = useState(draft.routes.filter(one => one !== LAB).join(', '));
  const lab = draft.routes.includes(LAB);
  const set = (inLab: boolean, rest: string) =>
    onChange({ routes: [...(inLab ? [LAB] : []), ...fromList(rest)] });
  return (
    <fieldset className="nbops-whole">
      <legend>{trans.__('When it finds trouble, tell')}</legend>
      <label className="nbops-check">
        <input type="checkbox" checked={lab} onChange={event => set(event.target.checked, text)} />
        {trans.__('whoever has JupyterLab open')}
      </label>
      <label className="nbops-inline">
        {trans.__('others')}
        <input
          value={text}
          placeholder="webhook:team, email:ada@example.org, slack:alerts"
          onChange={event => {
            setText(event.target.value);
            set(lab, event.target.value);
          }}
        />
      </label>
      <label className="nbops-inline">
        {trans.__('and again after so many hours, while it lasts')}
        <input
          type="number"
          min={0}
          step="any"
          className="nbops-short"
          value={toNumber(draft.remind_hours)}
          onChange={event => onChange({ remind_hours: Number(event.target.value) })}
        />
      </label>
    </fieldset>
  );
}
