import React from 'react';
import type { DraftModel, IDraftState, ITimed } from '../model/draft';
import { faultsOf } from '../model/failure';
import type { ITrans } from '../tokens';
import { useStore } from './hooks';

interface ISaveProps<D extends ITimed, S extends IDraftState<D>> {
  readonly model: DraftModel<D, S>;
  /** Whether the server has it already. */
  readonly kept: boolean;
  /** Fold the form, where that can be; without it nothing is offered while there is nothing to discard. */
  readonly onClose?: () => void;
  readonly trans: ITrans;
  /** What else can be done. */
  readonly children?: React.ReactNode;
}

/** What ends a form: why it was not saved, Save, Discard, and what else can be done. */
export function SaveBar<D extends ITimed, S extends IDraftState<D>>(props: ISaveProps<D, S>) {
  const { model, kept, onClose, trans, children } = props;
  const { dirty, saving, saved, refusal } = useStore<S>(model);
  return (
    <>
      {refusal && (
        <p role="alert" className="nbops-bad">
          {faultsOf(refusal).map((one, i) => (
            <React.Fragment key={i}>
              {i > 0 && <br />}✕ {one.message} {one.hint}
            </React.Fragment>
          ))}
        </p>
      )}
      <div className="nbops-decisions" role="group" aria-label={trans.__('Actions')}>
        <button
          type="button"
          className={dirty || !kept ? 'nbops-primary' : ''}
          aria-disabled={saving}
          onClick={() => (saving ? undefined : void model.save())}
        >
          {saving ? trans.__('Saving…') : trans.__('Save')}
        </button>
        {kept && dirty && (
          <button type="button" onClick={() => model.discard()}>
            {trans.__('Discard changes')}
          </button>
        )}
        {kept && !dirty && onClose && (
          <button type="button" onClick={onClose}>
            {trans.__('Close')}
          </button>
        )}
        {children}
        <span role="status" className="nbops-dim">
          {saved ? trans.__('Saved.') : ''}
        </span>
      </div>
    </>
  );
}

interface IForesightProps<D extends ITimed, S extends IDraftState<D>> {
  readonly model: DraftModel<D, S>;
  readonly words: (times: string) => string;
  readonly when: (time: IDraftState<D>['preview']['times'][number]) => string;
}

/** The next times as they are written, in a line. */
export function Foresight<D extends ITimed, S extends IDraftState<D>>(props: IForesightProps<D, S>) {
  const { preview } = useStore<S>(props.model);
  const times = preview.times.slice(0, 3).map(props.when).join(', ');
  return (
    <p className={preview.problem ? 'nbops-bad' : 'nbops-dim'} role="status">
      {preview.problem ? `✕ ${preview.problem}` : times && props.words(times)}
    </p>
  );
}
