import { Dialog, showDialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import { MuteForm, type IMuteValue } from '../components/MuteForm';
import type { IFailure } from '../model/failure';
import type { ITrans } from '../tokens';

class Body extends ReactWidget implements Dialog.IBodyWidget<IMuteValue> {
  constructor(
    private _value: IMuteValue,
    private readonly _refusal: IFailure | null,
    private readonly _trans: ITrans
  ) {
    super();
  }

  getValue(): IMuteValue {
    return this._value;
  }

  protected override render(): React.JSX.Element {
    return (
      <MuteForm
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
 * Ask how long a monitor is to tell nobody, and mute it; what the server refuses is said in the dialog, with what was
 * written still there. False if the person thinks better of it.
 */
export async function askMute(
  name: string,
  mute: (value: IMuteValue) => Promise<IFailure | null>,
  trans: ITrans
): Promise<boolean> {
  let value: IMuteValue = { hours: 24, reason: '' };
  let refusal: IFailure | null = null;
  for (;;) {
    const answer = await showDialog<IMuteValue>({
      title: trans.__('Mute %1', name),
      body: new Body(value, refusal, trans),
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Mute') })],
      focusNodeSelector: '.nbops-form input'
    });
    if (!answer.button.accept) {
      return false;
    }
    value = answer.value ?? value;
    refusal = value.reason.trim()
      ? await mute(value)
      : { status: 0, message: trans.__('A reason is needed.'), hint: '' };
    if (refusal === null) {
      return true;
    }
  }
}
