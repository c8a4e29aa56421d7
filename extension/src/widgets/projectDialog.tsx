import { Dialog, showDialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import { ProjectForm } from '../components/ProjectForm';
import type { IFailure } from '../model/failure';
import type { IProjectDraft } from '../pipelines';
import type { ITrans } from '../tokens';

class Body extends ReactWidget implements Dialog.IBodyWidget<IProjectDraft> {
  constructor(
    private readonly _templates: readonly string[],
    private readonly _refusal: IFailure | null,
    private _draft: IProjectDraft,
    private readonly _trans: ITrans
  ) {
    super();
  }

  getValue(): IProjectDraft {
    return this._draft;
  }

  protected override render(): React.JSX.Element {
    return (
      <ProjectForm
        templates={this._templates}
        given={this._draft}
        refusal={this._refusal}
        onChange={draft => {
          this._draft = draft;
        }}
        trans={this._trans}
      />
    );
  }
}

/**
 * Ask what a project is to be and make it; what the server refuses is said in the dialog, with what was written still
 * there. False if the person thinks better of it.
 */
export async function askProject(
  templates: readonly string[],
  make: (draft: IProjectDraft) => Promise<IFailure | null>,
  trans: ITrans
): Promise<boolean> {
  let draft: IProjectDraft = { name: '', template: templates[0] ?? '', data: '', target: '', ci: 'none' };
  let refusal: IFailure | null = null;
  for (;;) {
    const answer = await showDialog<IProjectDraft>({
      title: trans.__('New nbops project'),
      body: new Body(templates, refusal, draft, trans),
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Make it') })],
      focusNodeSelector: '.nbops-form input'
    });
    if (!answer.button.accept) {
      return false;
    }
    draft = answer.value ?? draft;
    refusal = await make(draft);
    if (refusal === null) {
      return true;
    }
  }
}
