import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog, IThemeManager, Notification } from '@jupyterlab/apputils';
import { createElement } from 'react';
import { type Args, text } from '../model/args';
import { MonitorView } from '../components/MonitorView';
import { failureOf } from '../model/failure';
import { MonitorModel } from '../model/monitor';
import { ReportModel } from '../model/report';
import type { IMonitorRef, MonitorAct } from '../monitors';
import { CommandIDs } from '../tokens';
import { DraftTab } from '../widgets/draftTab';
import { askMute } from '../widgets/muteDialog';
import { ReportTab } from '../widgets/reportTab';
import { Tabs } from '../widgets/tabs';
import { change } from './acting';
import { INbops } from './core';
import { INbopsPanel } from './panel';

const ACTS: readonly MonitorAct[] = ['pause', 'resume', 'run', 'unmute'];

/** Tabs in which monitors were made, by the name under which they were saved. */
const made = new Map<string, string>();

function keyOf(name: string): string {
  return made.get(name) ?? encodeURIComponent(name);
}

/** The monitor that a command was called for; where it was called for none, the one that is chosen. */
async function named(
  args: Args,
  { trans }: INbops,
  { model: panel }: INbopsPanel,
  title: string
): Promise<IMonitorRef | null> {
  const path = text(args, 'path') || panel.monitors.state.path;
  if (text(args, 'name')) {
    return { path, name: text(args, 'name') };
  }
  await panel.monitors.refresh();
  const items = panel.monitors.state.items.map(one => one.monitor.name);
  if (items.length === 0) {
    Notification.info(trans.__('Nothing is watched here yet.'), { autoClose: 5000 });
    return null;
  }
  const chosen =
    items.length === 1
      ? items[0]
      : (await InputDialog.getItem({ title, label: trans.__('Monitor'), items })).value;
  return chosen ? { path, name: chosen } : null;
}

function addTabs(
  app: JupyterFrontEnd,
  nbops: INbops,
  { model: panel, widget }: INbopsPanel,
  tabs: Tabs,
  reports: Tabs,
  themes: IThemeManager | null
): void {
  const { monitors, schedules, monitorActions, registry, pipelineActions, retrainingActions, feed, trans } =
    nbops;
  app.commands.addCommand(CommandIDs.showMonitors, {
    label: trans.__('Show monitors'),
    caption: trans.__('What is watched, the worst first'),
    execute: () => {
      app.shell.activateById(widget.id);
      panel.reveal('monitors');
    }
  });
  app.commands.addCommand(CommandIDs.showMonitor, {
    label: args => (args['isNew'] ? trans.__('Add a monitor…') : trans.__('Show a monitor…')),
    caption: trans.__('Watch a model and its data: drift, quality, performance'),
    execute: async args => {
      const isNew = args['isNew'] === true;
      const ref = isNew
        ? null
        : await named(args, nbops, { model: panel, widget }, trans.__('Show a monitor'));
      if (!isNew && !ref) {
        return;
      }
      const path = ref?.path ?? (text(args, 'path') || panel.monitors.state.path);
      const name = ref?.name ?? '';
      // The form of a new one is there once, until it is saved.
      const key = name ? keyOf(name) : `new-${made.size}`;
      tabs.open(key, name ? { path, name } : { path, isNew: true }, () => {
        const first = text(args, 'model') || panel.models.state.models[0]?.name || '';
        const given = { model: first, ...(first ? {} : { source: '' }) };
        const model = new MonitorModel(
          monitors,
          (place, cron, zone) => schedules.preview(place, cron, zone),
          path,
          name,
          given
        );
        // A new one is found again by the name under which it was saved.
        model.subscribe(() => {
          if (!name && model.name && made.get(model.name) !== key) {
            made.set(model.name, key);
            tabs.update(key, { path, name: model.name });
          }
        });
        const label = () => (model.name ? trans.__('Monitor %1', model.name) : trans.__('New monitor'));
        return new DraftTab(model, feed, label, () =>
          createElement(MonitorView, {
            model,
            models: panel.models,
            actions: monitorActions,
            registry,
            pipelines: pipelineActions,
            retraining: retrainingActions,
            trans
          })
        );
      });
    }
  });
  app.commands.addCommand(CommandIDs.monitorReport, {
    label: trans.__('Show the report of a monitor’s look'),
    execute: args => {
      const [path, name, run] = [text(args, 'path'), text(args, 'name'), Number(args['run'])];
      if (!name || !Number.isInteger(run)) {
        return;
      }
      const title = trans.__('Report of %1, %2', name, text(args, 'label'));
      reports.open(
        `${encodeURIComponent(name)}-${run}`,
        { ...args },
        () => new ReportTab(new ReportModel(title, () => monitors.report({ path, name, run })), themes, trans)
      );
    }
  });
}

function addActs(app: JupyterFrontEnd, nbops: INbops, panel: INbopsPanel): void {
  const { monitors, trans } = nbops;
  const done: Record<MonitorAct, (name: string) => string> = {
    pause: name => trans.__('%1 rests until it is resumed.', name),
    resume: name => trans.__('%1 counts again from now on.', name),
    run: name => trans.__('%1 looks now.', name),
    unmute: name => trans.__('%1 tells again.', name)
  };
  app.commands.addCommand(CommandIDs.actOnMonitor, {
    label: trans.__('Pause, resume or run a monitor'),
    execute: async args => {
      const [path, name, act] = [text(args, 'path'), text(args, 'name'), text(args, 'act') as MonitorAct];
      if (name && ACTS.includes(act)) {
        await change(nbops, () => monitors.act({ path, name }, act), done[act](name));
      }
    }
  });
  app.commands.addCommand(CommandIDs.runMonitor, {
    label: trans.__('Run monitor now…'),
    caption: trans.__('Look now, whatever the times say'),
    execute: async args => {
      const ref = await named(args, nbops, panel, trans.__('Run a monitor now'));
      if (ref) {
        await change(nbops, () => monitors.act(ref, 'run'), done.run(ref.name));
      }
    }
  });
}

function addDecisions(app: JupyterFrontEnd, nbops: INbops, panel: INbopsPanel, tabs: Tabs): void {
  const { monitors, registry, trans } = nbops;
  app.commands.addCommand(CommandIDs.acknowledgeIncident, {
    label: trans.__('Acknowledge trouble…'),
    execute: async args => {
      const [path, name, incident] = [text(args, 'path'), text(args, 'name'), Number(args['incident'])];
      if (!name || !Number.isInteger(incident)) {
        return;
      }
      const reason = await registry.ask({
        title: trans.__('Acknowledge'),
        text: trans.__(
          '%1: %2. It stays open and is not reminded of any more; it is still told when it is over.',
          name,
          text(args, 'what').replace(/\.$/, '')
        ),
        verb: trans.__('Acknowledge'),
        reason: true
      });
      if (reason !== null) {
        await change(nbops, () => monitors.acknowledge({ path, name }, incident, reason), '');
      }
    }
  });
  app.commands.addCommand(CommandIDs.muteMonitor, {
    label: trans.__('Mute a monitor…'),
    execute: async args => {
      const ref = await named(args, nbops, panel, trans.__('Mute a monitor'));
      if (ref) {
        await askMute(
          ref.name,
          async ({ hours, reason }) => {
            try {
              await monitors.mute(ref, Date.now() / 1000 + 3600 * hours, reason);
              return null;
            } catch (problem) {
              return failureOf(problem);
            } finally {
              nbops.feed.local();
            }
          },
          trans
        );
      }
    }
  });
  app.commands.addCommand(CommandIDs.deleteMonitor, {
    label: trans.__('Delete a monitor…'),
    execute: async args => {
      const ref = { path: text(args, 'path'), name: text(args, 'name') };
      const sure =
        ref.name !== '' &&
        (await registry.ask({
          title: trans.__('Delete the monitor %1?', ref.name),
          text: trans.__('Nothing is watched by it any more.'),
          verb: trans.__('Delete'),
          reason: false,
          wordless: true,
          danger: true
        })) !== null;
      if (sure && (await change(nbops, () => monitors.remove(ref), trans.__('%1 is deleted.', ref.name)))) {
        tabs.close(keyOf(ref.name));
      }
    }
  });
}

/** Commands about monitors. */
export const monitorCommands: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:monitor-commands',
  description: 'Shows, edits, runs and mutes monitors; acknowledges trouble.',
  autoStart: true,
  requires: [INbops, INbopsPanel],
  optional: [ICommandPalette, ILayoutRestorer, IThemeManager],
  activate: (
    app: JupyterFrontEnd,
    nbops: INbops,
    panel: INbopsPanel,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    themes: IThemeManager | null
  ): void => {
    const tabs = new Tabs(app, 'nbops-monitor', restorer, CommandIDs.showMonitor);
    const reports = new Tabs(app, 'nbops-monitor-report', restorer, CommandIDs.monitorReport);
    addTabs(app, nbops, panel, tabs, reports, themes);
    addActs(app, nbops, panel);
    addDecisions(app, nbops, panel, tabs);
    const { showMonitors, showMonitor, runMonitor, muteMonitor } = CommandIDs;
    for (const command of [showMonitors, showMonitor, runMonitor, muteMonitor]) {
      palette?.addItem({ command, category: 'nbops' });
    }
    palette?.addItem({ command: showMonitor, args: { isNew: true }, category: 'nbops' });
  }
};
