import React, { createContext, useContext, useEffect, useId, useMemo, useRef } from 'react';
import { faultsOf, type IFailure } from '../model/failure';
import { toNumber } from '../model/format';
import type { WireNumber } from '../records';
import type { IFault } from '../tokens';

/** Why what is written in the form around was not saved. */
export const Refusal = createContext<IFailure | null>(null);

/** What a control of a field is given: what is wrong with it and what is to be known about it, for screen readers. */
export interface IWired {
  readonly 'aria-invalid': boolean;
  readonly 'aria-describedby'?: string;
}

export interface IFieldProps {
  /** What the server calls it; what it says about that stands beside the field. */
  readonly name: string;
  readonly label: string;
  /** What is to be known about it. */
  readonly note?: React.ReactNode;
  /** Whether it takes the whole line. */
  readonly whole?: boolean;
}

/** What of a form is refused about a field. */
export function useFaults(name: string): readonly IFault[] {
  const refusal = useContext(Refusal);
  return useMemo(() => (refusal ? faultsOf(refusal).filter(one => one.field === name) : []), [refusal, name]);
}

/** What is wrong with a field. */
export function Faults({ id, faults }: { id: string; faults: readonly IFault[] }): React.JSX.Element {
  return (
    <small id={id} className="nbops-bad">
      {faults.map((one, i) => (
        <React.Fragment key={i}>
          {i > 0 && <br />}✕ {one.message} {one.hint}
        </React.Fragment>
      ))}
    </small>
  );
}

/** A group of controls. What is wrong with any of them stands below, and is said when a reader enters it. */
export function FieldGroup(props: { name: string; legend: string; children: React.ReactNode }) {
  const id = useId();
  const faults = useFaults(props.name);
  const refused = faults.length > 0;
  return (
    <fieldset className="nbops-whole" aria-describedby={refused ? id : undefined}>
      <legend>{props.legend}</legend>
      {props.children}
      {refused && <Faults id={id} faults={faults} />}
    </fieldset>
  );
}

/** A labelled control, and below it what is to be known about it or wrong with it. The first that is refused takes the focus. */
export function Field(props: IFieldProps & { children: (wired: IWired) => React.ReactNode }) {
  const { name, label, note, whole, children } = props;
  const id = useId();
  const node = useRef<HTMLDivElement>(null);
  const faults = useFaults(name);
  const refused = faults.length > 0;
  // By its words: another field that is mended must not draw the focus away from where somebody writes.
  const said = faults.map(one => `${one.message} ${one.hint}`).join('\n');
  useEffect(() => {
    const control = node.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    const first = node.current?.closest('.nbops-form')?.querySelector('[aria-invalid="true"]');
    if (said && control && control === first) {
      control.focus();
    }
  }, [said]);
  const described = refused || note ? id : undefined;
  return (
    <div className={whole ? 'nbops-field nbops-whole' : 'nbops-field'} ref={node}>
      <label>
        {label}
        {children({ 'aria-invalid': refused, 'aria-describedby': described })}
      </label>
      {refused ? (
        <Faults id={id} faults={faults} />
      ) : (
        note && (
          <small id={id} className="nbops-dim">
            {note}
          </small>
        )
      )}
    </div>
  );
}

interface ITextProps extends IFieldProps {
  readonly value: string;
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly readOnly?: boolean;
  /** Whether it is something a program reads. */
  readonly mono?: boolean;
  /** What may be chosen instead of written. */
  readonly choices?: readonly string[];
  readonly onChange: (value: string) => void;
}

/** A line of text. */
export function TextField(props: ITextProps): React.JSX.Element {
  const { value, placeholder, required, readOnly, mono, choices, onChange } = props;
  const id = useId();
  return (
    <Field {...props}>
      {wired => (
        <>
          <input
            {...wired}
            {...{ value, placeholder, required, readOnly }}
            className={mono ? 'nbops-mono' : ''}
            spellCheck={false}
            list={choices && id}
            onChange={event => onChange(event.target.value)}
          />
          {choices && (
            <datalist id={id}>
              {choices.map(one => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

interface INumberProps extends IFieldProps {
  /** Null where nothing is written. */
  readonly value: WireNumber | null;
  readonly placeholder?: string;
  readonly min?: number;
  readonly max?: number;
  /** Whether it is a whole number. */
  readonly count?: boolean;
  readonly onChange: (value: number | null) => void;
}

/** A number, or nothing. */
export function NumberField(props: INumberProps): React.JSX.Element {
  const { value, placeholder, min, max, count, onChange } = props;
  return (
    <Field {...props}>
      {wired => (
        <input
          {...wired}
          {...{ placeholder, min, max }}
          type="number"
          step={count ? 1 : 'any'}
          value={value === null ? '' : toNumber(value)}
          onChange={event => onChange(event.target.value === '' ? null : Number(event.target.value))}
        />
      )}
    </Field>
  );
}

interface IChoiceProps<T extends string> extends IFieldProps {
  readonly value: T;
  /** What the server is told, and what people read. */
  readonly choices: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}

/** One of several. */
export function ChoiceField<T extends string>(props: IChoiceProps<T>): React.JSX.Element {
  const { value, choices, onChange } = props;
  return (
    <Field {...props}>
      {wired => (
        <select {...wired} value={value} onChange={event => onChange(event.target.value as T)}>
          {choices.map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
