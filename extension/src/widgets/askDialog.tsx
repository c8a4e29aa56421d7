import { Dialog, showDialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import { QuestionForm } from '../components/QuestionForm';
import type { IQuestion } from '../governance';
import type { ITrans } from '../tokens';

class Body extends ReactWidget implements Dialog.IBodyWidget<string> {
  constructor(
    private readonly _question: IQuestion,
    private readonly _trans: ITrans
  ) {
    super();
    this._reason = _question.given ?? '';
  }

  getValue(): string {
    return this._reason.trim();
  }

  protected override render(): React.JSX.Element {
    return (
      <QuestionForm
        question={this._question}
        onChange={reason => {
          this._reason = reason;
        }}
        trans={this._trans}
      />
    );
  }

  private _reason: string;
}

/** Say what is about to change and ask for a reason; null if the person thinks better of it. */
export async function ask(question: IQuestion, trans: ITrans): Promise<string | null> {
  let given = question.given ?? '';
  for (;;) {
    const answer = await showDialog({
      title: question.title,
      body: new Body({ ...question, given }, trans),
      buttons: [
        Dialog.cancelButton(),
        question.danger
          ? Dialog.warnButton({ label: question.verb })
          : Dialog.okButton({ label: question.verb })
      ],
      focusNodeSelector: '.nbops-form input'
    });
    if (!answer.button.accept) {
      return null;
    }
    given = answer.value ?? '';
    if (given !== '' || !question.reason) {
      return given;
    }
    // JupyterLab's dialogs close at any button; a reason that must be given is asked for again.
  }
}
