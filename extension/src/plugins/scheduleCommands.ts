import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { createElement } from 'react';
import { text } from '../model/args';
import { ScheduleView } from '../components/ScheduleView';
import { ScheduleModel } from '../model/schedule';
import type { ScheduleAct } from '../pipelines';
import { CommandIDs } from '../tokens';
import { DraftTab } from '../widgets/draftTab';
import { Tabs } from '../widgets/tabs';
import { change } from './acting';
import { INbops } from './core';
import { INbopsPanel } from './panel';

const ACTS: readonly ScheduleAct[] = ['pause', 'resume', 'run'];

/** A pipeline file as a schedule names it: from the folder of the workspace. */
function relative(file: string, root: string): string {
  return root && file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file;
}

function keyOf(name: string): string {
  return encodeURIComponent(name);
}

function addEditing(app: JupyterFrontEnd, nbops: INbops, { model: panel }: INbopsPanel, tabs: Tabs): void {
  const { schedules, pipelineActions, feed, trans } = nbops;
  app.commands.addCommand(CommandIDs.editSchedule, {
    label: args => (text(args, 'name') ? trans.__('Edit a schedule') : trans.__('Schedule a pipeline…')),
    caption: trans.__('Let a pipeline run by itself: at times, or when something happens'),
    execute: args => {
      const name = text(args, 'name');
      const path = text(args, 'path') || panel.pipelines.state.path;
      const file = text(args, 'pipeline') || panel.pipelines.state.items[0]?.path || '';
      const key = name ? keyOf(name) : `new-${encodeURIComponent(file)}`;
      tabs.open(key, { path, name, pipeline: file }, () => {
        const pipeline = relative(file, panel.workspace);
        const model = new ScheduleModel(schedules, path, name, { pipeline, alerts: ['lab'] });
        const { pipelines } = panel;
        // A new one is found again by the name under which it was saved.
        model.subscribe(() => {
          if (!name && model.name) {
            tabs.update(key, { path, name: model.name, pipeline: file });
          }
        });
        const label = () => (model.name ? trans.__('Schedule %1', model.name) : trans.__('New schedule'));
        return new DraftTab(model, feed, label, () =>
          createElement(ScheduleView, {
            model,
            pipelines,
            root: () => panel.workspace,
            actions: pipelineActions,
            trans
          })
        );
      });
    }
  });
}

function addActs({ commands }: JupyterFrontEnd, nbops: INbops, tabs: Tabs): void {
  const { schedules, registry, trans } = nbops;
  const done: Record<ScheduleAct, (name: string) => string> = {
    pause: name => trans.__('%1 rests until it is resumed.', name),
    resume: name => trans.__('%1 counts again from now on.', name),
    run: name => trans.__('%1 was asked to run.', name)
  };
  commands.addCommand(CommandIDs.actOnSchedule, {
    label: trans.__('Pause, resume or run a schedule'),
    execute: async args => {
      const [path, name, act] = [text(args, 'path'), text(args, 'name'), text(args, 'act') as ScheduleAct];
      if (name && ACTS.includes(act)) {
        await change(nbops, () => schedules.act(path, name, act), done[act](name));
      }
    }
  });
  commands.addCommand(CommandIDs.deleteSchedule, {
    label: trans.__('Delete a schedule…'),
    execute: async args => {
      const [path, name] = [text(args, 'path'), text(args, 'name')];
      const sure =
        name !== '' &&
        (await registry.ask({
          title: trans.__('Delete the schedule %1?', name),
          text: trans.__('Nothing comes due any more. Its history and its runs stay; what runs goes on.'),
          verb: trans.__('Delete'),
          reason: false,
          wordless: true,
          danger: true
        })) !== null;
      if (
        sure &&
        (await change(nbops, () => schedules.remove(path, name), trans.__('%1 is deleted.', name)))
      ) {
        tabs.close(keyOf(name));
      }
    }
  });
}

/** Commands about schedules. */
export const scheduleCommands: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:schedule-commands',
  description: 'Edits, pauses, runs and deletes schedules.',
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
    const tabs = new Tabs(app, 'nbops-schedule', restorer, CommandIDs.editSchedule);
    addEditing(app, nbops, panel, tabs);
    addActs(app, nbops, tabs);
    palette?.addItem({ command: CommandIDs.editSchedule, category: 'nbops' });
  }
};
