import React, { useId } from 'react';
import { toNumber } from '../model/format';
import type { MonitorDraft } from '../monitors';
import type { RegisteredModel } from '../records';
import type { ITrans } from '../tokens';
import { CheckFields } from './CheckFields';
import { RoutesField, SourceFields, TimesFields } from './DraftFields';
import { ChoiceField, Faults, TextField, useFaults } from './Field';

export interface IMonitorFormProps {
  readonly draft: MonitorDraft;
  /** Whether it has a name already, which stays. */
  readonly named: boolean;
  readonly models: readonly RegisteredModel[];
  readonly onChange: (change: Partial<MonitorDraft>) => void;
  readonly trans: ITrans;
}

const WINDOWS = ['1h', '1d', '7d', '1 month', '1000 rows', 'all'];
const TARGETS = ['Production', 'Staging', 'champion'];

/** What is watched, against what, when, with which checks, and who is told. */
export function MonitorForm(props: IMonitorFormProps): React.JSX.Element {
  const { draft, named, onChange, trans } = props;
  return (
    <div className="nbops-form nbops-schedule-form">
      <TextField
        name="name"
        label={trans.__('Name')}
        required
        readOnly={named}
        value={draft.name}
        placeholder="churn-daily"
        onChange={name => onChange({ name })}
      />
      <Subject {...props} />
      <SourceFields
        {...{ draft, onChange, trans }}
        label={trans.__('Watches')}
        predictions={trans.__('the predictions of the model')}
        example="data/scored/*.parquet"
        timeless={trans.__('none: the files as a whole')}
      />
      <TextField
        name="reference"
        label={trans.__('Held against')}
        mono={draft.reference !== ''}
        value={draft.reference}
        placeholder={draft.model ? trans.__('the data its version was trained on') : 'data/train.parquet'}
        onChange={reference => onChange({ reference })}
      />
      <TextField
        name="window"
        label={trans.__('Window')}
        value={draft.window}
        choices={WINDOWS}
        onChange={window => onChange({ window })}
      />
      <TimesFields {...{ draft, onChange, trans }} none={trans.__('none: only when asked to')} />
      <CheckFields checks={draft.checks} onChange={checks => onChange({ checks })} trans={trans} />
      <RoutesField
        name="routes"
        legend={trans.__('When it finds trouble, tell')}
        routes={draft.routes}
        placeholder="webhook:team, email:ada@example.org, slack:alerts"
        onChange={routes => onChange({ routes })}
        trans={trans}
      >
        <Reminder {...props} />
      </RoutesField>
    </div>
  );
}

/** When those who were told are told again. */
function Reminder({ draft, onChange, trans }: IMonitorFormProps): React.JSX.Element {
  const id = useId();
  const faults = useFaults('remind_hours');
  const refused = faults.length > 0;
  return (
    <>
      <label className="nbops-inline">
        {trans.__('and again after so many hours, while it lasts')}
        <input
          type="number"
          min={0}
          step="any"
          className="nbops-short"
          aria-invalid={refused}
          aria-describedby={refused ? id : undefined}
          value={toNumber(draft.remind_hours)}
          onChange={event => onChange({ remind_hours: Number(event.target.value) })}
        />
      </label>
      {refused && <Faults id={id} faults={faults} />}
    </>
  );
}

/** The model, and which of its versions. */
function Subject({ draft, models, onChange, trans }: IMonitorFormProps): React.JSX.Element {
  const [name, target = ''] = draft.model.split('@');
  const known = models.find(one => one.name === name);
  const versions = (known?.versions ?? []).map(one => String(one.version));
  const names = [...new Set([...models.map(one => one.name), name])].filter(Boolean);
  const targets = [...new Set([...TARGETS, ...versions, target])].filter(Boolean);
  const set = (model: string, at: string) => onChange({ model: model && at ? `${model}@${at}` : model });
  return (
    <>
      <ChoiceField
        name="model"
        label={trans.__('Model')}
        value={name}
        choices={[['', trans.__('none: only data are watched')], ...names.map(one => [one, one] as const)]}
        onChange={model => set(model, target)}
      />
      {name && (
        <ChoiceField
          name="version"
          label={trans.__('Version')}
          value={target}
          choices={[
            ['', trans.__('the one in use')],
            ...targets.map(one => [one, /^\d+$/.test(one) ? trans.__('v%1', one) : one] as const)
          ]}
          onChange={at => set(name, at)}
        />
      )}
    </>
  );
}
