import React, { useState } from 'react';
import type { IFailure } from '../model/failure';
import type { IProjectDraft } from '../pipelines';
import type { ITrans } from '../tokens';

interface IProjectFormProps {
  readonly templates: readonly string[];
  readonly given: IProjectDraft;
  /** Why it was not made before. */
  readonly refusal: IFailure | null;
  readonly onChange: (draft: IProjectDraft) => void;
  readonly trans: ITrans;
}

/** The questions before a project is made. */
export function ProjectForm(props: IProjectFormProps): React.JSX.Element {
  const { templates, given, refusal, onChange, trans } = props;
  const [draft, setDraft] = useState(given);
  const set = (change: Partial<IProjectDraft>) => {
    const next = { ...draft, ...change };
    setDraft(next);
    onChange(next);
  };
  return (
    <div className="nbops-form">
      {refusal && (
        <p role="alert" className="nbops-bad nbops-question">
          ✕ {refusal.message} {refusal.hint}
        </p>
      )}
      <label>
        {trans.__('Name')}
        <input
          required
          value={draft.name}
          placeholder="churn"
          onChange={event => set({ name: event.target.value })}
        />
      </label>
      {templates.length > 1 && (
        <label>
          {trans.__('Kind')}
          <select value={draft.template} onChange={event => set({ template: event.target.value })}>
            {templates.map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <label>
        {trans.__('Data (optional)')}
        <input
          value={draft.data}
          placeholder={trans.__('a file, such as data/customers.csv; without one a sample')}
          onChange={event => set({ data: event.target.value })}
        />
      </label>
      {draft.data && (
        <label>
          {trans.__('Column to predict')}
          <input required value={draft.target} onChange={event => set({ target: event.target.value })} />
        </label>
      )}
      <label>
        {trans.__('File for CI')}
        <select value={draft.ci} onChange={event => set({ ci: event.target.value })}>
          <option value="none">{trans.__('none')}</option>
          <option value="github">GitHub Actions</option>
          <option value="gitlab">GitLab CI</option>
          <option value="jenkins">Jenkins</option>
        </select>
      </label>
    </div>
  );
}
