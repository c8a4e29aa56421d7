import React from 'react';
import { causeChoices } from '../model/monitorWords';
import { USUAL } from '../model/policy';
import type { RetrainCause } from '../records';
import type { PolicyDraft } from '../retraining';
import type { ITrans } from '../tokens';
import { ParametersField, PipelineField, SourceFields, TimesFields } from './DraftFields';
import { ChoiceField, NumberField, TextField } from './Field';

export interface IPolicyFormProps {
  readonly draft: PolicyDraft;
  readonly pipelines: readonly (readonly [string, string])[];
  readonly onChange: (change: Partial<PolicyDraft>) => void;
  readonly trans: ITrans;
}

const WINDOWS = ['all', '30d', '90d', '1 year', '10000 rows'];
const METRICS = ['roc_auc', 'accuracy', 'f1', 'log_loss', 'mae', 'rmse', 'r2'];
const TARGETS = ['Production', 'Staging', 'champion'];

/** When a model is trained anew, with what, and what becomes of one that is better. */
export function PolicyForm(props: IPolicyFormProps): React.JSX.Element {
  return (
    <div className="nbops-form nbops-schedule-form nbops-parts">
      <Causes {...props} />
      <Training {...props} />
      <Contest {...props} />
      <Outcome {...props} />
    </div>
  );
}

function Part({ legend, children }: { legend: string; children: React.ReactNode }): React.JSX.Element {
  return (
    <fieldset className="nbops-whole">
      <legend>{legend}</legend>
      <div className="nbops-schedule-form">{children}</div>
    </fieldset>
  );
}

/** What starts it. */
function Causes({ draft, onChange, trans }: IPolicyFormProps): React.JSX.Element {
  const set = (cause: RetrainCause, wanted: boolean) =>
    onChange({ on: wanted ? [...draft.on, cause] : draft.on.filter(one => one !== cause) });
  return (
    <Part legend={trans.__('Train anew when')}>
      <div className="nbops-whole nbops-causes">
        {causeChoices(trans).map(([cause, words]) => (
          <label key={cause} className="nbops-check">
            <input
              type="checkbox"
              checked={draft.on.includes(cause)}
              onChange={event => set(cause, event.target.checked)}
            />
            {words}
          </label>
        ))}
      </div>
      {draft.on.includes('schedule') && <TimesFields {...{ draft, onChange, trans }} />}
      {draft.on.includes('volume') && (
        <NumberField
          name="volume"
          label={trans.__('So many newly labelled rows')}
          count
          min={1}
          value={draft.volume}
          placeholder="5000"
          onChange={volume => onChange({ volume })}
        />
      )}
      <NumberField
        name="cool_down_hours"
        label={trans.__('Hours between two trainings')}
        min={0}
        value={draft.cool_down_hours}
        placeholder={String(USUAL.cool_down_hours)}
        onChange={cool_down_hours => onChange({ cool_down_hours })}
      />
      <div className="nbops-whole nbops-schedule-form">
        <NumberField
          name="budget"
          label={trans.__('At most so many trainings')}
          count
          min={1}
          value={draft.budget}
          placeholder={String(USUAL.budget)}
          onChange={budget => onChange({ budget })}
        />
        <NumberField
          name="budget_days"
          label={trans.__('in so many days')}
          min={0}
          value={draft.budget_days}
          placeholder={String(USUAL.budget_days)}
          onChange={budget_days => onChange({ budget_days })}
        />
      </div>
    </Part>
  );
}

/** What trains it, on which rows. */
function Training({ draft, pipelines, onChange, trans }: IPolicyFormProps): React.JSX.Element {
  return (
    <Part legend={trans.__('Train')}>
      <PipelineField
        {...{ pipelines, trans }}
        pipeline={draft.pipeline}
        onChange={pipeline => onChange({ pipeline })}
      />
      <SourceFields
        {...{ draft, onChange, trans }}
        label={trans.__('On labelled rows of')}
        predictions={trans.__('its predictions, as labels arrive')}
        example="data/labelled.parquet"
        timeless={trans.__('none: as the rows stand')}
      />
      <TextField
        name="label"
        label={trans.__('Column to predict')}
        value={draft.label}
        onChange={label => onChange({ label })}
      />
      <TextField
        name="window"
        label={trans.__('How much of the newest')}
        value={draft.window}
        choices={WINDOWS}
        onChange={window => onChange({ window })}
      />
      <TextField
        name="data_parameter"
        label={trans.__('Parameter that takes the file of rows')}
        mono
        value={draft.data_parameter}
        onChange={data_parameter => onChange({ data_parameter })}
      />
      <ParametersField
        parameters={draft.parameters}
        onChange={parameters => onChange({ parameters })}
        trans={trans}
      />
    </Part>
  );
}

/** What a challenger has to show. */
function Contest({ draft, onChange, trans }: IPolicyFormProps): React.JSX.Element {
  return (
    <Part legend={trans.__('It is better if, on rows that neither has seen')}>
      <TextField
        name="metric"
        label={trans.__('it wins in')}
        value={draft.metric}
        choices={METRICS}
        placeholder={trans.__('what fits: roc_auc or mae')}
        onChange={metric => onChange({ metric })}
      />
      <NumberField
        name="min_gain"
        label={trans.__('by at least')}
        min={0}
        value={draft.min_gain}
        placeholder={String(USUAL.min_gain)}
        onChange={min_gain => onChange({ min_gain })}
      />
      <NumberField
        name="confidence"
        label={trans.__('with a confidence of')}
        min={0.5}
        max={0.9999}
        value={draft.confidence}
        placeholder={String(USUAL.confidence)}
        onChange={confidence => onChange({ confidence })}
      />
      <NumberField
        name="holdout"
        label={trans.__('Share of the newest rows that judge')}
        min={0.05}
        max={0.9}
        value={draft.holdout}
        placeholder={String(USUAL.holdout)}
        onChange={holdout => onChange({ holdout })}
      />
    </Part>
  );
}

/** What becomes of one that is better. */
function Outcome({ draft, onChange, trans }: IPolicyFormProps): React.JSX.Element {
  return (
    <Part legend={trans.__('Then')}>
      <ChoiceField
        name="mode"
        label={trans.__('A better one')}
        note={trans.__('The gates of the target stand before both.')}
        value={draft.mode}
        choices={[
          ['approval', trans.__('is put up for approval')],
          ['promote', trans.__('is promoted by itself')]
        ]}
        onChange={mode => onChange({ mode })}
      />
      <TextField
        name="target"
        label={trans.__('for')}
        value={draft.target}
        choices={TARGETS}
        onChange={target => onChange({ target })}
      />
    </Part>
  );
}
