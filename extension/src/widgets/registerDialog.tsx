import { Dialog, showDialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import { RegisterForm, type IRegisterValue } from '../components/RegisterForm';
import type { IRegisterDraft, ITrans } from '../tokens';

class Body extends ReactWidget implements Dialog.IBodyWidget<IRegisterValue> {
  constructor(
    private readonly _draft: IRegisterDraft,
    private readonly _trans: ITrans
  ) {
    super();
    this._value = { name: _draft.name, model: _draft.models[0]?.name ?? '', alias: '', description: '' };
  }

  getValue(): IRegisterValue {
    return this._value;
  }

  protected override render(): React.JSX.Element {
    return <RegisterForm draft={this._draft} onChange={value => (this._value = value)} trans={this._trans} />;
  }

  private _value: IRegisterValue;
}

/** Ask under which name a run's model is to be registered; null if the person thinks better of it. */
export async function askRegistration(draft: IRegisterDraft, trans: ITrans): Promise<IRegisterValue | null> {
  const answer = await showDialog({
    title: trans.__('Register the model of %1', draft.run),
    body: new Body(draft, trans),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Register') })],
    focusNodeSelector: '.nbops-form input'
  });
  if (!answer.button.accept || !answer.value) {
    return null;
  }
  const { name, model, alias, description } = answer.value;
  return { name: name.trim(), model, alias: alias.trim(), description: description.trim() };
}
