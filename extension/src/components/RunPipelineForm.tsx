import React, { useId, useState } from 'react';
import { fromLines } from '../model/assignments';
import type { IFailure } from '../model/failure';
import type { ITrans } from '../tokens';

/** What the form holds. */
export interface IRunValue {
  /** Which of the choices. */
  readonly choice: number;
  readonly force: boolean;
  /** Lines `name = value`. */
  readonly parameters: string;
}

interface IRunFormProps {
  /** The pipelines to choose from; one is not asked for. */
  readonly choices: readonly string[];
  readonly given: IRunValue;
  /** Why it was not run before. */
  readonly refusal: IFailure | null;
  readonly onChange: (value: IRunValue) => void;
  readonly trans: ITrans;
}

/** The questions before a pipeline is run. */
export function RunPipelineForm({
  choices,
  given,
  refusal,
  onChange,
  trans
}: IRunFormProps): React.JSX.Element {
  const id = useId();
  const [value, setValue] = useState(given);
  const set = (change: Partial<IRunValue>) => {
    const next = { ...value, ...change };
    setValue(next);
    onChange(next);
  };
  const { wrong } = fromLines(value.parameters);
  return (
    <div className="nbops-form">
      {refusal && (
        <p role="alert" className="nbops-bad nbops-question">
          ✕ {refusal.message} {refusal.hint}
        </p>
      )}
      {choices.length > 1 && (
        <label>
          {trans.__('Pipeline')}
          <select value={value.choice} onChange={event => set({ choice: Number(event.target.value) })}>
            {choices.map((label, i) => (
              <option key={i} value={i}>
                {label}
              </option>
            ))}
          </select>
        </label>
      )}
      <label className="nbops-check">
        <input
          type="checkbox"
          checked={value.force}
          onChange={event => set({ force: event.target.checked })}
        />
        {trans.__('Run also what is up to date')}
      </label>
      <label>
        {trans.__('Parameters (optional)')}
        <textarea
          className="nbops-mono"
          rows={3}
          spellCheck={false}
          value={value.parameters}
          placeholder={'max_depth = 6\ntrain.target = "Churn"'}
          aria-describedby={id}
          aria-invalid={wrong !== ''}
          onChange={event => set({ parameters: event.target.value })}
        />
      </label>
      <p id={id} className={wrong ? 'nbops-warn' : 'nbops-dim'}>
        {wrong
          ? trans.__('“%1” is no line NAME = VALUE', wrong)
          : trans.__('One a line; STAGE.NAME for one stage only.')}
      </p>
    </div>
  );
}
