import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { nbopsIcon } from '../icons';
import { failureOf, sentence } from '../model/failure';
import { CommandIDs } from '../tokens';
import { askProject } from '../widgets/projectDialog';
import { INbops } from './core';

/** Makes projects: notebooks, pipeline, policy and tests that run at once. */
export const project: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:project',
  description: 'Makes new projects.',
  autoStart: true,
  requires: [INbops],
  optional: [IDefaultFileBrowser, ICommandPalette, ILauncher],
  activate: (
    app: JupyterFrontEnd,
    { api, projects, pipelineActions, feed, trans }: INbops,
    browser: IDefaultFileBrowser | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null
  ): void => {
    const { commands, serviceManager } = app;
    const make = async (folder: string): Promise<void> => {
      const templates = await projects.templates();
      let made = '';
      await askProject(
        templates,
        async draft => {
          try {
            made = await projects.make(folder, draft);
            return null;
          } catch (reason) {
            return failureOf(reason);
          }
        },
        trans
      );
      if (made) {
        feed.local();
        await commands.execute('filebrowser:go-to-path', { path: made, dontShowBrowser: true });
        const { server_root } = await api.status(made);
        pipelineActions.show({ path: made, pipeline: `${server_root}/${made}/pipeline.toml` });
      }
    };
    commands.addCommand(CommandIDs.newProject, {
      label: trans.__('New nbops project…'),
      caption: trans.__('A folder with a pipeline, notebooks, policy and tests that run at once'),
      icon: args => (args['isPalette'] ? undefined : nbopsIcon),
      execute: async args => {
        const cwd = typeof args['cwd'] === 'string' ? args['cwd'] : (browser?.model.path ?? '');
        try {
          await make(serviceManager.contents.localPath(cwd));
        } catch (reason) {
          Notification.error(sentence(failureOf(reason), trans), { autoClose: false });
        }
      }
    });
    palette?.addItem({ command: CommandIDs.newProject, category: 'nbops', args: { isPalette: true } });
    launcher?.add({ command: CommandIDs.newProject, category: trans.__('Other'), rank: 12 });
  }
};
