import React, { useState } from 'react';
import { fromLines, fromList, toLines } from '../model/assignments';
import type { ITimed } from '../model/draft';
import { zones } from '../model/when';
import type { IPipelineLine } from '../pipelines';
import type { ITrans } from '../tokens';
import { ChoiceField, Field, FieldGroup, TextField } from './Field';

const LAB = 'lab';
const PREDICTIONS = 'predictions';

interface ITimesProps {
  readonly draft: ITimed;
  /** What is said where there are none. */
  readonly none?: string;
  readonly onChange: (change: Partial<ITimed>) => void;
  readonly trans: ITrans;
}

/** When something happens by the clock. */
export function TimesFields({ draft, none, onChange, trans }: ITimesProps): React.JSX.Element {
  return (
    <>
      <TextField
        name="cron"
        label={trans.__('Times (cron)')}
        note={trans.__('minute hour day month weekday; or @daily')}
        mono
        value={draft.cron}
        placeholder={none}
        onChange={cron => onChange({ cron })}
      />
      <TextField
        name="timezone"
        label={trans.__('Time zone')}
        value={draft.timezone}
        choices={zones()}
        onChange={timezone => onChange({ timezone })}
      />
    </>
  );
}

interface IToldProps {
  /** What the server calls it. */
  readonly name: string;
  readonly legend: string;
  readonly routes: readonly string[];
  readonly placeholder: string;
  readonly onChange: (routes: readonly string[]) => void;
  readonly trans: ITrans;
  readonly children?: React.ReactNode;
}

/** Who is told of something: whoever has JupyterLab open, and others. */
export function RoutesField(props: IToldProps): React.JSX.Element {
  const { name, legend, routes, placeholder, onChange, trans, children } = props;
  // Kept as text while it is written.
  const [text, setText] = useState(routes.filter(one => one !== LAB).join(', '));
  const lab = routes.includes(LAB);
  const set = (inLab: boolean, rest: string) => onChange([...(inLab ? [LAB] : []), ...fromList(rest)]);
  return (
    <FieldGroup name={name} legend={legend}>
      <label className="nbops-check">
        <input type="checkbox" checked={lab} onChange={event => set(event.target.checked, text)} />
        {trans.__('whoever has JupyterLab open')}
      </label>
      <label className="nbops-inline">
        {trans.__('others')}
        <input
          value={text}
          placeholder={placeholder}
          onChange={event => {
            setText(event.target.value);
            set(lab, event.target.value);
          }}
        />
      </label>
      {children}
    </FieldGroup>
  );
}

interface ISourced {
  readonly source: string;
  readonly time: string;
}

interface ISourceProps {
  readonly draft: ISourced;
  readonly label: string;
  /** What the predictions of the model are called here. */
  readonly predictions: string;
  /** A path as an example. */
  readonly example: string;
  /** What is done where no column has the time. */
  readonly timeless: string;
  readonly onChange: (change: Partial<ISourced>) => void;
  readonly trans: ITrans;
}

/** Where rows come from: the predictions of a model, or files. */
export function SourceFields(props: ISourceProps): React.JSX.Element {
  const { draft, label, predictions, example, timeless, onChange, trans } = props;
  const files = draft.source !== PREDICTIONS;
  return (
    <>
      <ChoiceField
        name="from"
        label={label}
        value={files ? 'files' : PREDICTIONS}
        choices={[
          [PREDICTIONS, predictions],
          ['files', trans.__('files')]
        ]}
        // The log knows the time of each prediction; a column that is hidden must not be sent.
        onChange={from => onChange(from === 'files' ? { source: '' } : { source: PREDICTIONS, time: '' })}
      />
      {files && (
        <>
          <TextField
            name="source"
            label={trans.__('Files')}
            required
            mono
            value={draft.source}
            placeholder={example}
            onChange={source => onChange({ source })}
          />
          <TextField
            name="time"
            label={trans.__('Column with the time')}
            value={draft.time}
            placeholder={timeless}
            onChange={time => onChange({ time })}
          />
        </>
      )}
    </>
  );
}

interface IPipelineProps {
  readonly pipeline: string;
  /** What the server is told, and what people read. */
  readonly pipelines: readonly (readonly [string, string])[];
  readonly onChange: (pipeline: string) => void;
  readonly trans: ITrans;
}

/** One of the pipelines; one that is not there any more stays chosen. */
export function PipelineField({ pipeline, pipelines, onChange, trans }: IPipelineProps): React.JSX.Element {
  const known = pipelines.some(([value]) => value === pipeline);
  return (
    <ChoiceField
      name="pipeline"
      label={trans.__('Pipeline')}
      note={pipelines.length === 0 && trans.__('There is none yet: write a pipeline.toml.')}
      value={pipeline}
      choices={known ? pipelines : [[pipeline, pipeline || trans.__('choose one')], ...pipelines]}
      onChange={onChange}
    />
  );
}

/** Pipelines as the server names them: their file from the workspace's folder, or the name where a file has several. */
export function pipelineChoices(
  lines: readonly IPipelineLine[],
  root: string
): (readonly [string, string])[] {
  return lines.map(({ name, path }) => {
    const file = root && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
    return file === 'nbops.toml' ? ([name, name] as const) : ([file, `${name} (${file})`] as const);
  });
}

interface IParametersProps {
  readonly parameters: Readonly<Record<string, string>>;
  readonly onChange: (parameters: Readonly<Record<string, string>>) => void;
  readonly trans: ITrans;
}

/** Parameters of a pipeline, one a line. Kept as text while it is written: a line that is not whole yet is no mistake. */
export function ParametersField({ parameters, onChange, trans }: IParametersProps): React.JSX.Element {
  const [text, setText] = useState(toLines(parameters));
  const { wrong } = fromLines(text);
  const note = wrong ? (
    <span className="nbops-warn">{trans.__('“%1” is no line NAME = VALUE', wrong)}</span>
  ) : (
    trans.__('one a line; STAGE.NAME for one stage only')
  );
  return (
    <Field name="parameters" label={trans.__('Parameters')} note={note} whole>
      {wired => (
        <textarea
          {...wired}
          className="nbops-mono"
          rows={2}
          spellCheck={false}
          value={text}
          placeholder={'max_depth = 6\ntrain.target = "Churn"'}
          aria-invalid={wrong !== '' || wired['aria-invalid']}
          onChange={event => {
            setText(event.target.value);
            onChange(fromLines(event.target.value).values);
          }}
        />
      )}
    </Field>
  );
}
