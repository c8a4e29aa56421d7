import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  Clipboard,
  ICommandPalette,
  MainAreaWidget,
  Notification,
  WidgetTracker
} from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { text } from '../model/args';
import { failureOf, sentence } from '../model/failure';
import { modelName, relativePath } from '../model/places';
import { RunModel } from '../model/run';
import { CommandIDs, type IRunTarget } from '../tokens';
import { askRegistration } from '../widgets/registerDialog';
import { RunTab } from '../widgets/runTab';
import { INbops } from './core';
import { INbopsPanel } from './panel';

/** The version is there, but what it was to be promoted to asks for more. */
const REFUSED = 422;

/** The run a command is about: the one named, else the one shown, else the first listed. */
function targetOf(args: ReadonlyPartialJSONObject, { model }: INbopsPanel): IRunTarget | null {
  const { detail } = model.state;
  const runId = text(args, 'runId') || detail?.runId || model.runs.row(0)?.run_id;
  const path = text(args, 'path') || detail?.path || model.runs.state.query.path;
  return runId ? { runId, path } : null;
}

/** Ask for a name and register the model of a run. */
async function register({ api, feed, trans }: INbops, { runId, path }: IRunTarget): Promise<void> {
  try {
    const [card, models] = await Promise.all([api.card(path, runId), api.models(path)]);
    const { run } = card;
    const stored = run.models.filter(model => model.digest !== '');
    if (stored.length === 0) {
      Notification.warning(trans.__('Run %1 has no stored model to register.', run.name));
      return;
    }
    const name = modelName(run.experiment, run.cell.notebook, stored[0].class_name);
    const known = models.map(model => model.name);
    const answer = await askRegistration({ run: run.name, name, known, models: stored }, trans);
    if (answer === null) {
      return;
    }
    if (answer.name === '') {
      Notification.warning(trans.__('A registered model needs a name; nothing was registered.'));
      return;
    }
    const version = await api.register(path, { runId: run.run_id, ...answer });
    feed.local();
    Notification.success(trans.__('Registered %1 as version %2.', version.model, version.version), {
      autoClose: 5000
    });
  } catch (reason) {
    const failure = failureOf(reason);
    if (failure.status === REFUSED) {
      feed.local();
      Notification.warning(trans.__('Registered, without the alias: %1', sentence(failure, trans)), {
        autoClose: false
      });
      return;
    }
    Notification.error(trans.__('Not registered: %1', sentence(failure, trans)), { autoClose: false });
  }
}

/** Open the notebook of a run and go to its cell. */
async function jump(
  app: JupyterFrontEnd,
  { api, trans }: INbops,
  args: ReadonlyPartialJSONObject
): Promise<void> {
  const [notebook, cellId, shown] = [text(args, 'notebook'), text(args, 'cellId'), text(args, 'path')];
  const status = await api.status(shown).catch(() => null);
  const path = relativePath(notebook, status?.server_root ?? '', shown);
  if (!path) {
    Notification.warning(trans.__('%1 lies outside the folder that this server shows.', notebook));
    return;
  }
  const panel = (await app.commands.execute('docmanager:open', { path })) as NotebookPanel | undefined;
  await panel?.context.ready;
  const cells = panel?.content.widgets ?? [];
  const index = cells.findIndex(cell => cell.model.id === cellId);
  if (!panel || index < 0) {
    Notification.warning(trans.__('The cell of this run is no longer in %1.', path));
    return;
  }
  panel.content.deselectAll();
  panel.content.activeCellIndex = index;
  await panel.content.scrollToItem(index, 'center').catch(() => undefined);
  panel.content.activate();
}

/** Gives the command that shows a run (or its comparison) in a tab, each only once. */
function tabOpener(
  app: JupyterFrontEnd,
  nbops: INbops,
  panel: INbopsPanel,
  restorer: ILayoutRestorer | null
) {
  const tracker = new WidgetTracker<MainAreaWidget<RunTab>>({ namespace: 'nbops-run' });
  const targets = new Map<string, IRunTarget & { compare: boolean }>();
  const open = (args: ReadonlyPartialJSONObject, compare: boolean): void => {
    const target = targetOf(args, panel);
    if (!target) {
      Notification.info(nbops.trans.__('There is no run to show yet.'));
      return;
    }
    const id = `nbops-run-${target.runId}${compare ? '-compare' : ''}`;
    let tab = tracker.find(widget => widget.id === id);
    if (!tab) {
      const { api, feed, actions, trans } = nbops;
      const model = new RunModel(api, { ...target, withSeries: !compare, withBefore: compare });
      const urlOf = (runId: string, artifact: string): string =>
        api.artifactUrl(target.path, runId, artifact);
      const content = new RunTab({ model, actions, urlOf, trans, wide: true, compare }, feed);
      tab = new MainAreaWidget({ content });
      tab.id = id;
      tab.toolbar.hide();
      targets.set(id, { ...target, compare });
      tab.disposed.connect(() => targets.delete(id));
      app.shell.add(tab, 'main');
      void tracker.add(tab);
    }
    app.shell.activateById(id);
  };
  if (restorer) {
    void restorer.restore(tracker, {
      command: CommandIDs.openRunTab,
      args: widget => ({ ...targets.get(widget.id) }),
      name: widget => widget.id
    });
  }
  return open;
}

function addCommands(
  app: JupyterFrontEnd,
  nbops: INbops,
  panel: INbopsPanel,
  open: ReturnType<typeof tabOpener>
): void {
  const { commands, shell } = app;
  const { trans } = nbops;
  commands.addCommand(CommandIDs.openRun, {
    label: trans.__('Show the run in the sidebar'),
    execute: args => {
      const target = targetOf(args, panel);
      shell.activateById(panel.widget.id);
      if (target) {
        panel.model.open(target);
      }
    }
  });
  commands.addCommand(CommandIDs.openRunTab, {
    label: trans.__('Open the run in a tab'),
    execute: args => open(args, args['compare'] === true)
  });
  commands.addCommand(CommandIDs.compare, {
    label: trans.__('Compare the run with the previous one'),
    execute: args => open(args, true)
  });
  commands.addCommand(CommandIDs.registerRun, {
    label: trans.__('Register the model of the run…'),
    execute: args => {
      const target = targetOf(args, panel);
      return target
        ? register(nbops, target)
        : Notification.info(trans.__('There is no run to register yet.'));
    }
  });
  commands.addCommand(CommandIDs.jumpToCell, {
    label: trans.__('Go to the cell of the run'),
    execute: args => jump(app, nbops, args)
  });
  commands.addCommand(CommandIDs.copyRunId, {
    label: trans.__('Copy the id of the run'),
    execute: args => {
      Clipboard.copyToSystem(text(args, 'text') || targetOf(args, panel)?.runId || '');
      Notification.info(trans.__('Copied.'), { autoClose: 1500 });
    }
  });
}

/** Commands about one run. */
export const runCommands: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:run-commands',
  description: 'Shows, compares and registers runs.',
  autoStart: true,
  requires: [INbops, INbopsPanel],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    nbops: INbops,
    panel: INbopsPanel,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    addCommands(app, nbops, panel, tabOpener(app, nbops, panel, restorer));
    for (const command of [
      CommandIDs.openRunTab,
      CommandIDs.compare,
      CommandIDs.registerRun,
      CommandIDs.copyRunId
    ]) {
      palette?.addItem({ command, category: 'nbops' });
    }
  }
};
