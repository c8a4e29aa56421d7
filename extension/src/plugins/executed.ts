import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Drive } from '@jupyterlab/services';
import type { IStageRef } from '../pipelines';
import { CommandIDs, EXECUTED } from '../tokens';
import { INbops } from './core';

/** Where an executed notebook lies on the drive. */
export function placeOf({ path, runId, stage }: IStageRef): string {
  return [path, `@${runId}`, `${stage}.ipynb`].filter(Boolean).join('/');
}

/** Opens executed notebooks as notebooks, which can be read and not written. */
export const executed: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:executed',
  description: 'Opens the executed notebooks of pipelines.',
  autoStart: true,
  requires: [INbops, IDocumentManager],
  activate: (app: JupyterFrontEnd, { trans }: INbops, documents: IDocumentManager): void => {
    const { contents, serverSettings } = app.serviceManager;
    contents.addDrive(new Drive({ name: EXECUTED, serverSettings, apiEndpoint: 'nbops/api/executed' }));
    app.commands.addCommand(CommandIDs.openExecuted, {
      label: trans.__('Open the executed notebook of a stage'),
      execute: args => {
        const stage = args as Partial<IStageRef>;
        if (!stage.runId || !stage.stage) {
          return;
        }
        const place = placeOf({ path: stage.path ?? '', runId: stage.runId, stage: stage.stage });
        const panel = documents.openOrReveal(`${EXECUTED}:${place}`, 'Notebook') as NotebookPanel | undefined;
        if (panel) {
          // It is there to be read; whoever wants a kernel can still choose one.
          const { sessionContext } = panel.context;
          sessionContext.kernelPreference = {
            ...sessionContext.kernelPreference,
            shouldStart: false,
            autoStartDefault: false
          };
        }
      }
    });
  }
};
