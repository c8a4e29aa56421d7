import React, { useState } from 'react';
import type { IFailure } from '../model/failure';
import type { ITrans } from '../tokens';

/** How long nobody is told, in hours, and why. */
export interface IMuteValue {
  readonly hours: number;
  readonly reason: string;
}

interface IMuteFormProps {
  readonly given: IMuteValue;
  readonly refusal: IFailure | null;
  readonly onChange: (value: IMuteValue) => void;
  readonly trans: ITrans;
}

/** For how long a monitor is to tell nobody, and why. */
export function MuteForm({ given, refusal, onChange, trans }: IMuteFormProps): React.JSX.Element {
  const [value, setValue] = useState(given);
  const set = (change: Partial<IMuteValue>) => {
    const next = { ...value, ...change };
    setValue(next);
    onChange(next);
  };
  const choices: readonly (readonly [number, string])[] = [
    [1, trans.__('1 hour')],
    [8, trans.__('8 hours')],
    [24, trans.__('1 day')],
    [72, trans.__('3 days')],
    [168, trans.__('1 week')],
    [720, trans.__('30 days')]
  ];
  return (
    <div className="nbops-form">
      <p className="nbops-question">
        {trans.__('It goes on looking and keeps what it finds, but tells nobody.')}
      </p>
      <label>
        {trans.__('For')}
        <select value={value.hours} onChange={event => set({ hours: Number(event.target.value) })}>
          {choices.map(([hours, words]) => (
            <option key={hours} value={hours}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <label>
        {trans.__('Reason (needed)')}
        <input required value={value.reason} onChange={event => set({ reason: event.target.value })} />
      </label>
      {refusal && (
        <p role="alert" className="nbops-bad">
          ✕ {refusal.message} {refusal.hint}
        </p>
      )}
    </div>
  );
}
