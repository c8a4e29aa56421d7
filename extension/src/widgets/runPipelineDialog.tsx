import { Dialog, showDialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import { RunPipelineForm, type IRunValue } from '../components/RunPipelineForm';
import type { IFailure } from '../model/failure';
import type { ITrans } from '../tokens';

class Body extends ReactWidget implements Dialog.IBodyWidget<IRunValue> {
  constructor(
    private readonly _choices: readonly string[],
    private readonly _refusal: IFailure | null,
    private _value: IRunValue,
    private readonly _trans: ITrans
  ) {
    super();
  }

  getValue(): IRunValue {
    return this._value;
  }

  protected override render(): React.JSX.Element {
    return (
      <RunPipelineForm
        choices={this._choices}
        given={this._value}
        refusal={this._refusal}
        onChange={value => {
          this._value = value;
        }}
        trans={this._trans}
      />
    );
  }
}

/**
 * Ask which pipeline is to be run and how, and run it; what the server refuses is said in the dialog, with what
 * was written still there. False if the person thinks better of it.
 */
export async function askRun(
  choices: readonly string[],
  run: (value: IRunValue) => Promise<IFailure | null>,
  trans: ITrans
): Promise<boolean> {
  let value: IRunValue = { choice: 0, force: false, parameters: '' };
  let refusal: IFailure | null = null;
  for (;;) {
    const answer = await showDialog<IRunValue>({
      title: choices.length === 1 ? trans.__('Run %1', choices[0]) : trans.__('Run a pipeline'),
      body: new Body(choices, refusal, value, trans),
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Run') })],
      focusNodeSelector: '.nbops-form select, .nbops-form input'
    });
    if (!answer.button.accept) {
      return false;
    }
    value = answer.value ?? value;
    refusal = await run(value);
    if (refusal === null) {
      return true;
    }
  }
}
