import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, IThemeManager, Notification } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { nbopsIcon } from '../icons';
import { type Args, text } from '../model/args';
import { fromLines } from '../model/assignments';
import { failureOf, sentence, type IFailure } from '../model/failure';
import { LogModel } from '../model/log';
import { PipelineModel } from '../model/pipeline';
import { refOf } from '../model/pipelineRef';
import { relativePath } from '../model/places';
import type { ILaunch, IPipelineRef, IPipelineRunRef, IStageRef } from '../pipelines';
import { CommandIDs } from '../tokens';
import { LogTab } from '../widgets/logTab';
import { PipelineTab } from '../widgets/pipelineTab';
import { askRun } from '../widgets/runPipelineDialog';
import { Tabs } from '../widgets/tabs';
import { INbops } from './core';
import { INbopsPanel } from './panel';
import { IPipelineNews } from './pipelineNews';

/** The pipeline a command is about: the one named, else null. */
function named(args: Args): IPipelineRef | null {
  const [path, pipeline] = [text(args, 'path'), text(args, 'pipeline')];
  return pipeline || args['path'] !== undefined ? { path, pipeline } : null;
}

/** The pipelines to choose from, the one that ran last first. */
async function known(nbops: INbops, { model }: INbopsPanel): Promise<{ label: string; ref: IPipelineRef }[]> {
  const { path } = model.pipelines.state;
  const lines = await nbops.pipelines.list(path);
  return lines.map(line => ({ label: line.name, ref: refOf(line, path) }));
}

function launchOf(args: Args): ILaunch {
  const only = args['only'];
  const parameters = args['parameters'];
  return {
    force: args['force'] === true,
    only: Array.isArray(only) ? only.filter((one): one is string => typeof one === 'string') : [],
    parameters:
      typeof parameters === 'object' && parameters !== null ? (parameters as Record<string, string>) : {}
  };
}

/** Starts, resumes and stops runs, and tells what the server refuses. */
class Runner {
  constructor(
    private readonly _nbops: INbops,
    private readonly _panel: INbopsPanel,
    private readonly _news: IPipelineNews
  ) {}

  async run(args: Args): Promise<void> {
    const ref = named(args);
    if (ref && args['ask'] !== true) {
      this._tell(await this._launch(ref, launchOf(args)));
      return;
    }
    const { trans } = this._nbops;
    const choices = ref
      ? [{ label: text(args, 'label') || text(args, 'pipeline'), ref }]
      : await this._choices();
    if (choices === null) {
      return;
    }
    if (choices.length === 0) {
      Notification.info(trans.__('There is no pipeline here. Write a %1 first.', 'pipeline.toml'));
      return;
    }
    let chosen = choices[0].ref;
    const labels = choices.map(choice => baseLabel(choice.label));
    const ran = await askRun(
      labels,
      async ({ choice, force, parameters }) => {
        const { values, wrong } = fromLines(parameters);
        if (wrong) {
          return { status: 0, message: trans.__('“%1” is no line NAME = VALUE', wrong), hint: '' };
        }
        chosen = choices[choice].ref;
        return this._launch(chosen, { force, parameters: values });
      },
      trans
    );
    if (ran) {
      this._nbops.pipelineActions.show(chosen);
    }
  }

  async resume(run: IPipelineRunRef): Promise<void> {
    this._tell(await this._do(async () => this._news.started(await this._nbops.pipelines.resume(run))));
  }

  async stop(run: IPipelineRunRef): Promise<void> {
    this._tell(await this._do(() => this._nbops.pipelines.stop(run)));
  }

  private async _choices(): Promise<{ label: string; ref: IPipelineRef }[] | null> {
    try {
      return await known(this._nbops, this._panel);
    } catch (reason) {
      this._tell(failureOf(reason));
      return null;
    }
  }

  private _launch(ref: IPipelineRef, wanted: ILaunch): Promise<IFailure | null> {
    return this._do(async () => this._news.started(await this._nbops.pipelines.launch(ref, wanted)));
  }

  private async _do(work: () => Promise<unknown>): Promise<IFailure | null> {
    try {
      await work();
      return null;
    } catch (reason) {
      return failureOf(reason);
    } finally {
      this._nbops.feed.local();
    }
  }

  private _tell(failure: IFailure | null): void {
    if (failure) {
      Notification.error(sentence(failure, this._nbops.trans), { autoClose: false });
    }
  }
}

function baseLabel(label: string): string {
  return label.slice(label.lastIndexOf('/') + 1);
}

function runRef(args: Args): IPipelineRunRef {
  return { path: text(args, 'path'), runId: text(args, 'runId') };
}

function addRunning(app: JupyterFrontEnd, nbops: INbops, panel: INbopsPanel, news: IPipelineNews): void {
  const { trans } = nbops;
  const runner = new Runner(nbops, panel, news);
  const last = (): IPipelineRunRef | null => {
    const { items, path } = panel.model.pipelines.state;
    const found = items.find(one => one.last !== null)?.last;
    return found ? { path, runId: found.run_id } : null;
  };
  const onRun = (args: Args, act: (run: IPipelineRunRef) => Promise<void>) => {
    const run = text(args, 'runId') ? runRef(args) : last();
    return run ? act(run) : Notification.info(trans.__('No pipeline has run here yet.'));
  };
  app.commands.addCommand(CommandIDs.runPipeline, {
    label: trans.__('Run pipeline…'),
    caption: trans.__('Run the stages of a pipeline that are not up to date'),
    icon: args => (args['isLauncher'] ? nbopsIcon : undefined),
    execute: args => runner.run(args)
  });
  app.commands.addCommand(CommandIDs.resumePipeline, {
    label: trans.__('Resume the last pipeline run'),
    caption: trans.__('Go on from the stage that failed'),
    execute: args => onRun(args, run => runner.resume(run))
  });
  app.commands.addCommand(CommandIDs.stopPipeline, {
    label: trans.__('Stop the last pipeline run'),
    execute: args => onRun(args, run => runner.stop(run))
  });
}

function addTabs(
  app: JupyterFrontEnd,
  nbops: INbops,
  panel: INbopsPanel,
  restorer: ILayoutRestorer | null,
  themes: IThemeManager | null
): void {
  const { api, pipelines, pipelineActions, feed, trans } = nbops;
  const shown = new Map<string, PipelineModel>();
  const graphs = new Tabs(app, 'nbops-pipeline', restorer, CommandIDs.showPipeline);
  const logs = new Tabs(app, 'nbops-log', restorer, CommandIDs.stageLog);
  app.commands.addCommand(CommandIDs.showPipeline, {
    label: trans.__('Show the graph of a pipeline'),
    caption: trans.__('Stages, their state, earlier runs'),
    execute: async args => {
      const ref = named(args) ?? (await known(nbops, panel).catch(() => []))[0]?.ref;
      if (!ref) {
        Notification.info(trans.__('There is no pipeline here. Write a %1 first.', 'pipeline.toml'));
        return;
      }
      const key = encodeURIComponent(`${ref.pipeline || ref.path}`);
      const runId = text(args, 'runId');
      const before = shown.get(key);
      graphs.open(key, { ...ref, runId }, () => {
        const readonly = async () => (await api.status(ref.path)).readonly;
        const model = new PipelineModel(pipelines, ref, runId, readonly);
        const tab = new PipelineTab({ model, actions: pipelineActions, trans }, feed);
        shown.set(key, model);
        tab.disposed.connect(() => shown.delete(key));
        return tab;
      });
      if (before && args['runId'] !== undefined) {
        void before.show(runId);
      }
    }
  });
  app.commands.addCommand(CommandIDs.stageLog, {
    label: trans.__('Show the log of a stage'),
    execute: args => {
      const stage: IStageRef = { ...runRef(args), stage: text(args, 'stage') };
      const key = encodeURIComponent(`${stage.runId}-${stage.stage}`);
      logs.open(
        key,
        { ...stage },
        () => new LogTab({ model: new LogModel(pipelines, stage), feed, themes, trans }),
        true
      );
    }
  });
}

function addFiles(app: JupyterFrontEnd, nbops: INbops): void {
  const { api, trans } = nbops;
  app.commands.addCommand(CommandIDs.openPipelineFile, {
    label: trans.__('Open the file of a pipeline'),
    execute: async args => {
      const ref = named(args);
      if (!ref) {
        return;
      }
      const status = await api.status(ref.path).catch(() => null);
      const file = ref.pipeline || ref.path;
      const absolute = file.startsWith('/') || !ref.pipeline ? file : `${status?.workspace}/nbops.toml`;
      const path = ref.pipeline ? relativePath(absolute, status?.server_root ?? '', ref.path) : ref.path;
      if (!path) {
        Notification.warning(trans.__('%1 lies outside the folder that this server shows.', absolute));
        return;
      }
      await app.commands.execute('docmanager:open', { path });
    }
  });
}

/** Commands about pipelines and their runs. */
export const pipelineCommands: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:pipeline-commands',
  description: 'Runs, resumes and shows pipelines.',
  autoStart: true,
  requires: [INbops, INbopsPanel, IPipelineNews],
  optional: [ICommandPalette, ILauncher, ILayoutRestorer, IThemeManager],
  activate: (
    app: JupyterFrontEnd,
    nbops: INbops,
    panel: INbopsPanel,
    news: IPipelineNews,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    themes: IThemeManager | null
  ): void => {
    addRunning(app, nbops, panel, news);
    addTabs(app, nbops, panel, restorer, themes);
    addFiles(app, nbops);
    for (const command of [
      CommandIDs.runPipeline,
      CommandIDs.showPipeline,
      CommandIDs.resumePipeline,
      CommandIDs.stopPipeline
    ]) {
      palette?.addItem({ command, category: 'nbops' });
    }
    launcher?.add({
      command: CommandIDs.runPipeline,
      args: { isLauncher: true },
      category: nbops.trans.__('Other'),
      rank: 11
    });
  }
};
