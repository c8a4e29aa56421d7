import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { tellOrigin } from '../model/execute';
import { EXECUTED } from '../tokens';
import { INbops } from './core';

/** Tells the kernel with every execution which notebook and cell it comes from. */
export const cellMetadata: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:cell-metadata',
  description: 'Tells kernels which notebook and cell an execution comes from.',
  autoStart: true,
  requires: [INotebookTracker, INbops],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, { api }: INbops): void => {
    const { contents } = app.serviceManager;
    let root = '';
    const learnRoot = async (path: string): Promise<void> => {
      root ||= (await api.status(path).catch(() => null))?.server_root ?? '';
    };
    const attend = (panel: NotebookPanel): void => {
      if (contents.driveName(panel.context.path) === EXECUTED) {
        return;
      }
      const path = () => contents.localPath(panel.context.path);
      const wrap = () => {
        const kernel = panel.sessionContext.session?.kernel;
        if (kernel) {
          tellOrigin(kernel, () => ({ path: path(), root }));
        }
      };
      panel.sessionContext.kernelChanged.connect(wrap);
      wrap();
      void learnRoot(path());
    };
    tracker.forEach(attend);
    tracker.widgetAdded.connect((_, panel) => attend(panel));
  }
};
