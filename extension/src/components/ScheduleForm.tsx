import React, { useId, useState } from 'react';
import type { ScheduleDraft } from '../pipelines';
import { fromLines, fromList, toLines } from '../model/assignments';
import { toNumber } from '../model/format';
import { subjectWords, triggerChoices } from '../model/scheduleWords';
import { zones } from '../model/when';
import type { MissedPolicy, OverlapPolicy, TriggerKind } from '../records';
import type { ITrans } from '../tokens';

interface IScheduleFormProps {
  readonly draft: ScheduleDraft;
  /** Whether it has a name already, which stays. */
  readonly named: boolean;
  /** Pipelines to choose from: what the server is told, and what people read. */
  readonly pipelines: readonly (readonly [string, string])[];
  readonly onChange: (change: Partial<ScheduleDraft>) => void;
  readonly trans: ITrans;
}

const LAB = 'lab';

/** What starts which pipeline, with which values, and what else is to happen. */
export function ScheduleForm(props: IScheduleFormProps): React.JSX.Element {
  const { draft, named, pipelines, onChange, trans } = props;
  const known = pipelines.some(([value]) => value === draft.pipeline);
  return (
    <div className="nbops-form nbops-schedule-form">
      <label>
        {trans.__('Name')}
        <input
          required
          readOnly={named}
          value={draft.name}
          placeholder="churn-nightly"
          onChange={event => onChange({ name: event.target.value })}
        />
      </label>
      <label>
        {trans.__('Pipeline')}
        <select value={draft.pipeline} onChange={event => onChange({ pipeline: event.target.value })}>
          {!known && <option value={draft.pipeline}>{draft.pipeline || trans.__('choose one')}</option>}
          {pipelines.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label>
        {trans.__('Runs')}
        <select
          value={draft.trigger}
          onChange={event => onChange({ trigger: event.target.value as TriggerKind })}
        >
          {triggerChoices(trans).map(([kind, words]) => (
            <option key={kind} value={kind}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {draft.trigger === 'cron' ? <Times {...props} /> : <Subject {...props} />}
      <Policies {...props} />
      <Parameters {...props} />
      <Alerts {...props} />
    </div>
  );
}

function Times({ draft, onChange, trans }: IScheduleFormProps): React.JSX.Element {
  const id = useId();
  return (
    <>
      <div className="nbops-field">
        <label>
          {trans.__('Times (cron)')}
          <input
            className="nbops-mono"
            value={draft.cron}
            spellCheck={false}
            aria-describedby={id}
            onChange={event => onChange({ cron: event.target.value })}
          />
        </label>
        <small id={id} className="nbops-dim">
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

function Subject({ draft, onChange, trans }: IScheduleFormProps): React.JSX.Element | null {
  const asked = subjectWords(draft.trigger, trans);
  return (
    asked && (
      <>
        <label>
          {asked.label}
          <input
            value={draft.subject}
            placeholder={asked.example}
            onChange={event => onChange({ subject: event.target.value })}
          />
        </label>
        {draft.trigger === 'data' && (
          <label>
            {trans.__('At least')}
            <span className="nbops-inline">
              <input
                type="number"
                min={1}
                aria-label={trans.__('How much')}
                value={toNumber(draft.threshold)}
                onChange={event => onChange({ threshold: Number(event.target.value) })}
              />
              <select
                aria-label={trans.__('Of what')}
                value={draft.measure || 'rows'}
                onChange={event => onChange({ measure: event.target.value })}
              >
                <option value="rows">{trans.__('new rows')}</option>
                <option value="bytes">{trans.__('new bytes')}</option>
                <option value="files">{trans.__('new files')}</option>
              </select>
            </span>
          </label>
        )}
      </>
    )
  );
}

function Policies({ draft, onChange, trans }: IScheduleFormProps): React.JSX.Element {
  return (
    <>
      {draft.trigger === 'cron' && (
        <label>
          {trans.__('Missed times')}
          <span className="nbops-inline">
            <select
              value={draft.missed}
              aria-label={trans.__('Missed times')}
              onChange={event => onChange({ missed: event.target.value as MissedPolicy })}
            >
              <option value="skip">{trans.__('are skipped')}</option>
              <option value="once">{trans.__('are made up for once')}</option>
              <option value="all">{trans.__('are all made up for')}</option>
            </select>
            {draft.missed === 'all' && (
              <input
                type="number"
                min={1}
                max={1000}
                aria-label={trans.__('At most so many')}
                title={trans.__('At most so many')}
                value={draft.missed_cap}
                onChange={event => onChange({ missed_cap: Number(event.target.value) })}
              />
            )}
          </span>
        </label>
      )}
      <label>
        {trans.__('While the run before goes on')}
        <select
          value={draft.overlap}
          onChange={event => onChange({ overlap: event.target.value as OverlapPolicy })}
        >
          <option value="skip">{trans.__('it is skipped')}</option>
          <option value="queue">{trans.__('it waits')}</option>
          <option value="allow">{trans.__('it runs beside it')}</option>
        </select>
      </label>
    </>
  );
}

/** Kept as text while it is written: a line that is not whole yet is no mistake. */
function Parameters({ draft, onChange, trans }: IScheduleFormProps): React.JSX.Element {
  const id = useId();
  const [text, setText] = useState(toLines(draft.parameters));
  const { wrong } = fromLines(text);
  return (
    <div className="nbops-whole nbops-field">
      <label>
        {trans.__('Parameters')}
        <textarea
          className="nbops-mono"
          rows={2}
          spellCheck={false}
          value={text}
          placeholder={'max_depth = 6\ntrain.target = "Churn"'}
          aria-describedby={id}
          aria-invalid={wrong !== ''}
          onChange={event => {
            setText(event.target.value);
            onChange({ parameters: fromLines(event.target.value).values });
          }}
        />
      </label>
      <small id={id} className={wrong ? 'nbops-warn' : 'nbops-dim'}>
        {wrong
          ? trans.__('“%1” is no line NAME = VALUE', wrong)
          : trans.__('one a line; STAGE.NAME for one stage only')}
      </small>
    </div>
  );
}

function Alerts({ draft, onChange, trans }: IScheduleFormProps): React.JSX.Element {
  const others = draft.alerts.filter(one => one !== LAB);
  const [text, setText] = useState(others.join(', '));
  const lab = draft.alerts.includes(LAB);
  const set = (inLab: boolean, rest: string) =>
    onChange({ alerts: [...(inLab ? [LAB] : []), ...fromList(rest)] });
  return (
    <fieldset className="nbops-whole">
      <legend>{trans.__('When a run fails, tell')}</legend>
      <label className="nbops-check">
        <input type="checkbox" checked={lab} onChange={event => set(event.target.checked, text)} />
        {trans.__('whoever has JupyterLab open')}
      </label>
      <label className="nbops-inline">
        {trans.__('others')}
        <input
          value={text}
          placeholder="webhook:team, email:ada@example.org"
          onChange={event => {
            setText(event.target.value);
            set(lab, event.target.value);
          }}
        />
      </label>
    </fieldset>
  );
}
