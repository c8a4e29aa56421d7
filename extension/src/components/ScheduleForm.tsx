import React from 'react';
import type { ScheduleDraft } from '../pipelines';
import { toNumber } from '../model/format';
import { subjectWords, triggerChoices } from '../model/scheduleWords';
import type { MissedPolicy } from '../records';
import type { ITrans } from '../tokens';
import { ParametersField, PipelineField, RoutesField, TimesFields } from './DraftFields';
import { ChoiceField, TextField } from './Field';

interface IScheduleFormProps {
  readonly draft: ScheduleDraft;
  /** Whether it has a name already, which stays. */
  readonly named: boolean;
  /** Pipelines to choose from: what the server is told, and what people read. */
  readonly pipelines: readonly (readonly [string, string])[];
  readonly onChange: (change: Partial<ScheduleDraft>) => void;
  readonly trans: ITrans;
}

/** What starts which pipeline, with which values, and what else is to happen. */
export function ScheduleForm(props: IScheduleFormProps): React.JSX.Element {
  const { draft, named, pipelines, onChange, trans } = props;
  return (
    <div className="nbops-form nbops-schedule-form">
      <TextField
        name="name"
        label={trans.__('Name')}
        required
        readOnly={named}
        value={draft.name}
        placeholder="churn-nightly"
        onChange={name => onChange({ name })}
      />
      <PipelineField
        {...{ pipelines, trans }}
        pipeline={draft.pipeline}
        onChange={pipeline => onChange({ pipeline })}
      />
      <ChoiceField
        name="trigger"
        label={trans.__('Runs')}
        value={draft.trigger}
        choices={triggerChoices(trans)}
        onChange={trigger => onChange({ trigger })}
      />
      {draft.trigger === 'cron' ? <TimesFields {...{ draft, onChange, trans }} /> : <Subject {...props} />}
      <Policies {...props} />
      <ParametersField
        parameters={draft.parameters}
        onChange={parameters => onChange({ parameters })}
        trans={trans}
      />
      <RoutesField
        name="alerts"
        legend={trans.__('When a run fails, tell')}
        routes={draft.alerts}
        placeholder="webhook:team, email:ada@example.org"
        onChange={alerts => onChange({ alerts })}
        trans={trans}
      />
    </div>
  );
}

function Subject({ draft, onChange, trans }: IScheduleFormProps): React.JSX.Element | null {
  const asked = subjectWords(draft.trigger, trans);
  return (
    asked && (
      <>
        <TextField
          name="subject"
          label={asked.label}
          value={draft.subject}
          placeholder={asked.example}
          onChange={subject => onChange({ subject })}
        />
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
      <ChoiceField
        name="overlap"
        label={trans.__('While the run before goes on')}
        value={draft.overlap}
        choices={[
          ['skip', trans.__('it is skipped')],
          ['queue', trans.__('it waits')],
          ['allow', trans.__('it runs beside it')]
        ]}
        onChange={overlap => onChange({ overlap })}
      />
    </>
  );
}
