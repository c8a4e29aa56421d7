import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { nbopsIcon } from '../icons';
import { hasStages, mayBePipeline } from '../model/pipelineRef';
import type { IPipelineRef } from '../pipelines';
import { CommandIDs } from '../tokens';
import { INbops } from './core';
import { INbopsPanel } from './panel';

/** Whether a notebook that is open has cells with stage tags. */
function isTagged(notebooks: INotebookTracker, path: string): boolean {
  const cells = notebooks.find(panel => panel.context.path === path)?.content.model?.cells ?? [];
  const tags = [...cells].map(cell => {
    const found: unknown = cell.sharedModel.getMetadata('tags');
    return Array.isArray(found) ? found.filter((tag): tag is string => typeof tag === 'string') : [];
  });
  return hasStages(tags);
}

/** Runs and shows files of the file browser as pipelines. */
export const pipelineFiles: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:pipeline-files',
  description: 'Runs pipeline files from the file browser.',
  autoStart: true,
  requires: [INbops, INbopsPanel, IDefaultFileBrowser, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    { api, pipelineActions, trans }: INbops,
    { model }: INbopsPanel,
    browser: IDefaultFileBrowser,
    notebooks: INotebookTracker
  ): void => {
    const { contents } = app.serviceManager;
    /** The file under the pointer, if it is known or looks like a pipeline. */
    const file = (): string | null => {
      const item = [...browser.selectedItems()][0];
      if (!item || item.type === 'directory') {
        return null;
      }
      const path = contents.localPath(item.path);
      const known = model.pipelines.state.items.some(line => line.path.endsWith(`/${path}`));
      return known || mayBePipeline(path) || isTagged(notebooks, item.path) ? path : null;
    };
    /** The file as the sidebar names it, so that one pipeline has one tab. */
    const ref = async (path: string): Promise<IPipelineRef> => {
      const root = (await api.status(path).catch(() => null))?.server_root ?? '';
      return { path, pipeline: root && `${root}/${path}` };
    };
    const onFile = (act: (pipeline: IPipelineRef) => void) => async (): Promise<void> => {
      const path = file();
      if (path !== null) {
        act(await ref(path));
      }
    };
    app.commands.addCommand(CommandIDs.runFile, {
      label: trans.__('Run as nbops pipeline'),
      icon: nbopsIcon,
      isVisible: () => file() !== null,
      execute: onFile(pipeline => {
        pipelineActions.show(pipeline);
        pipelineActions.run(pipeline);
      })
    });
    app.commands.addCommand(CommandIDs.showFile, {
      label: trans.__('Show pipeline graph'),
      icon: nbopsIcon,
      isVisible: () => file() !== null,
      execute: onFile(pipeline => pipelineActions.show(pipeline))
    });
  }
};
