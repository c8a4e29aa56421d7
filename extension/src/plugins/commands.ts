import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { nbopsIcon, trackIcon } from '../icons';
import { isTracked, loadsNbops, toggleTracking } from '../model/track';
import { CommandIDs } from '../tokens';
import { INbops } from './core';
import { INbopsPanel } from './panel';

const LOAD = '%load_ext nbops';

/** Without the extension in the kernel the magic is unknown: offer the line that loads it. */
function offerLoading({ content }: NotebookPanel, trans: TranslationBundle): void {
  const { model } = content;
  if (!model || loadsNbops([...model.cells].map(cell => cell.sharedModel.getSource()))) {
    return;
  }
  Notification.info(trans.__('Tracking needs %1 in the notebook, run once.', LOAD), {
    autoClose: 10000,
    actions: [
      {
        label: trans.__('Insert it'),
        callback: () => model.sharedModel.insertCell(0, { cell_type: 'code', source: LOAD, metadata: {} })
      }
    ]
  });
}

function activeSource(tracker: INotebookTracker): string | null {
  const cell = tracker.activeCell;
  return cell?.model.type === 'code' ? cell.model.sharedModel.getSource() : null;
}

function trackCell(tracker: INotebookTracker, trans: TranslationBundle): void {
  const source = activeSource(tracker);
  const shared = tracker.activeCell?.model.sharedModel;
  if (source === null || !shared || !tracker.currentWidget) {
    return;
  }
  const { end, text } = toggleTracking(source);
  shared.updateSource(0, end, text);
  if (text) {
    offerLoading(tracker.currentWidget, trans);
  }
}

/** Commands of the panel and of the notebook. */
export const commands: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:commands',
  description: 'Opens the panel and tracks cells.',
  autoStart: true,
  requires: [INbops, INbopsPanel, INotebookTracker],
  optional: [ICommandPalette, ILauncher],
  activate: (
    app: JupyterFrontEnd,
    { trans }: INbops,
    { model, widget }: INbopsPanel,
    tracker: INotebookTracker,
    palette: ICommandPalette | null,
    launcher: ILauncher | null
  ): void => {
    app.commands.addCommand(CommandIDs.open, {
      label: args => (args['isLauncher'] ? trans.__('Runs and models') : trans.__('Show runs and models')),
      caption: trans.__('Tracked runs and registered models in the sidebar'),
      icon: nbopsIcon,
      execute: () => {
        app.shell.activateById(widget.id);
        model.close();
      }
    });
    app.commands.addCommand(CommandIDs.refresh, {
      label: trans.__('Refresh runs and models'),
      execute: () => model.refresh()
    });
    app.commands.addCommand(CommandIDs.trackCell, {
      label: trans.__('Track this cell'),
      caption: trans.__('Track this cell: begin it with %1, or stop doing so', '%%track'),
      icon: trackIcon,
      isEnabled: () => activeSource(tracker) !== null,
      isToggled: () => isTracked(activeSource(tracker) ?? ''),
      execute: () => {
        trackCell(tracker, trans);
        app.commands.notifyCommandChanged(CommandIDs.trackCell);
      }
    });
    tracker.activeCellChanged.connect(() => app.commands.notifyCommandChanged(CommandIDs.trackCell));
    for (const command of [CommandIDs.open, CommandIDs.refresh, CommandIDs.trackCell]) {
      palette?.addItem({ command, category: 'nbops' });
    }
    launcher?.add({
      command: CommandIDs.open,
      args: { isLauncher: true },
      category: trans.__('Other'),
      rank: 10
    });
  }
};
