import React, { useId, useState } from 'react';
import { formatSize } from '../model/format';
import type { IRegisterDraft, ITrans } from '../tokens';

/** What the form holds. */
export interface IRegisterValue {
  readonly name: string;
  readonly model: string;
  readonly alias: string;
  readonly description: string;
}

interface IRegisterFormProps {
  readonly draft: IRegisterDraft;
  readonly onChange: (value: IRegisterValue) => void;
  readonly trans: ITrans;
}

/** The questions before a model is registered. */
export function RegisterForm({ draft, onChange, trans }: IRegisterFormProps): React.JSX.Element {
  const id = useId();
  const [value, setValue] = useState<IRegisterValue>({
    name: draft.name,
    model: draft.models[0]?.name ?? '',
    alias: '',
    description: ''
  });
  const set = (change: Partial<IRegisterValue>) => {
    const next = { ...value, ...change };
    setValue(next);
    onChange(next);
  };
  return (
    <div className="nbops-form">
      <label>
        {trans.__('Name')}
        <input
          autoFocus
          required
          list={id}
          value={value.name}
          aria-describedby={`${id}-hint`}
          onChange={event => set({ name: event.target.value })}
        />
      </label>
      <datalist id={id}>
        {draft.known.map(name => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <p id={`${id}-hint`} className="nbops-dim">
        {draft.known.includes(value.name.trim())
          ? trans.__('Adds a version to this registered model, unless it already has this very one.')
          : trans.__('Makes a new registered model with version 1.')}
      </p>
      {draft.models.length > 1 && (
        <label>
          {trans.__('Model')}
          <select value={value.model} onChange={event => set({ model: event.target.value })}>
            {draft.models.map(model => (
              <option key={model.name} value={model.name}>
                {`${model.name}: ${model.class_name}, ${formatSize(model.size)}`}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        {trans.__('Alias (optional)')}
        <input
          value={value.alias}
          placeholder="champion"
          onChange={event => set({ alias: event.target.value })}
        />
      </label>
      <label>
        {trans.__('Description (optional)')}
        <input value={value.description} onChange={event => set({ description: event.target.value })} />
      </label>
    </div>
  );
}
