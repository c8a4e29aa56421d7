import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { Token, type ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Api } from '../api';
import type { IGovernance, IRegistryActions } from '../governance';
import { GovernanceApi } from '../governanceApi';
import { Http } from '../http';
import { ChangeFeed } from '../model/feed';
import { isTracked } from '../model/track';
import { RUN_MIME } from '../records';
import { CommandIDs, type IApi, type IRunActions, type ITrans } from '../tokens';
import type { IMonitorActions, IMonitors } from '../monitors';
import { MonitorsApi } from '../monitorsApi';
import type { IPipelineActions, IPipelines, IProjects, ISchedules } from '../pipelines';
import { PipelinesApi, ProjectsApi, SchedulesApi } from '../pipelinesApi';
import type { IRetraining, IRetrainingActions } from '../retraining';
import { RetrainingApi } from '../retrainingApi';
import { ask } from '../widgets/askDialog';

/** What the plugins of nbops share. */
export interface INbops {
  readonly api: IApi;
  readonly governance: IGovernance;
  readonly feed: ChangeFeed;
  readonly actions: IRunActions;
  readonly registry: IRegistryActions;
  readonly pipelines: IPipelines;
  readonly schedules: ISchedules;
  readonly projects: IProjects;
  readonly pipelineActions: IPipelineActions;
  readonly monitors: IMonitors;
  readonly monitorActions: IMonitorActions;
  readonly retraining: IRetraining;
  readonly retrainingActions: IRetrainingActions;
  readonly trans: TranslationBundle;
}

export const INbops = new Token<INbops>('nbops-lab:INbops', 'The server part of nbops and its changes.');

const CHANGE_EVENT = 'https://nbops.dev/events/change/v1';

/** Every action is a command, so that it can also be typed, bound to a key or put in a menu. */
function actionsOf({ commands }: JupyterFrontEnd): IRunActions {
  return {
    open: target => void commands.execute(CommandIDs.openRun, { ...target }),
    openTab: (target, compare) =>
      void commands.execute(compare ? CommandIDs.compare : CommandIDs.openRunTab, { ...target }),
    register: target => void commands.execute(CommandIDs.registerRun, { ...target }),
    jumpToCell: target => void commands.execute(CommandIDs.jumpToCell, { ...target }),
    copy: text => void commands.execute(CommandIDs.copyRunId, { text })
  };
}

function registryOf({ commands }: JupyterFrontEnd, feed: ChangeFeed, trans: ITrans): IRegistryActions {
  return {
    openPromotion: target => void commands.execute(CommandIDs.promote, { ...target }),
    openLineage: target => void commands.execute(CommandIDs.lineage, { ...target }),
    archive: version => void commands.execute(CommandIDs.archiveVersion, { ...version }),
    allowPickle: version => void commands.execute(CommandIDs.allowPickle, { ...version }),
    insertLoad: version => void commands.execute(CommandIDs.insertLoad, { ...version }),
    ask: question => ask(question, trans),
    changed: () => feed.local()
  };
}

/** What runs a command for a target. */
function runs({ commands }: JupyterFrontEnd) {
  return <T extends object>(command: string) =>
    (target: T): void =>
      void commands.execute(command, { ...target } as ReadonlyPartialJSONObject);
}

function monitorActionsOf(app: JupyterFrontEnd): IMonitorActions {
  const act = runs(app);
  return {
    show: act(CommandIDs.showMonitor),
    add: target => void app.commands.execute(CommandIDs.showMonitor, { ...target, isNew: true }),
    act: act(CommandIDs.actOnMonitor),
    acknowledge: act(CommandIDs.acknowledgeIncident),
    mute: act(CommandIDs.muteMonitor),
    remove: act(CommandIDs.deleteMonitor),
    report: act(CommandIDs.monitorReport)
  };
}

function retrainingActionsOf(app: JupyterFrontEnd): IRetrainingActions {
  const act = runs(app);
  return {
    show: act(CommandIDs.retraining),
    rest: act(CommandIDs.restRetraining),
    remove: act(CommandIDs.removeRetraining),
    now: act(CommandIDs.retrain)
  };
}

function pipelineActionsOf(app: JupyterFrontEnd): IPipelineActions {
  const act = runs(app);
  return {
    show: act(CommandIDs.showPipeline),
    run: act(CommandIDs.runPipeline),
    resume: act(CommandIDs.resumePipeline),
    stop: act(CommandIDs.stopPipeline),
    openFile: act(CommandIDs.openPipelineFile),
    log: act(CommandIDs.stageLog),
    openExecuted: act(CommandIDs.openExecuted),
    openTracked: target => void app.commands.execute(CommandIDs.openRunTab, { ...target }),
    schedule: act(CommandIDs.editSchedule),
    actOnSchedule: act(CommandIDs.actOnSchedule),
    deleteSchedule: act(CommandIDs.deleteSchedule)
  };
}

/** Tell the feed about what the server and the notebooks of this browser report. */
function connect(app: JupyterFrontEnd, feed: ChangeFeed): void {
  app.serviceManager.events.stream.connect((_, emission) => {
    const workspace = emission['workspace'];
    if (emission.schema_id === CHANGE_EVENT && typeof workspace === 'string') {
      feed.event(workspace);
    }
  });
  // A pipeline is its files: what is saved here may change what would run.
  app.serviceManager.contents.fileChanged.connect((_, { type, newValue, oldValue }) => {
    const path = newValue?.path ?? oldValue?.path ?? '';
    if (type !== 'new' && /\.(toml|ipynb|py)$/.test(path)) {
      feed.local();
    }
  });
  NotebookActions.executed.connect((_, { cell }) => {
    const { model } = cell;
    if (
      model.type === 'code' &&
      (isTracked(model.sharedModel.getSource()) || holdsCard(model.toJSON()['outputs']))
    ) {
      feed.local();
    }
  });
}

function holdsCard(outputs: unknown): boolean {
  return (
    Array.isArray(outputs) &&
    outputs.some((output: { data?: object } | null) => output?.data !== undefined && RUN_MIME in output.data)
  );
}

/** The server part and its changes, for the other plugins. */
export const core: JupyterFrontEndPlugin<INbops> = {
  id: 'nbops-lab:core',
  description: 'Connects to the server part of nbops.',
  autoStart: true,
  provides: INbops,
  requires: [INotebookTracker],
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, _tracker: INotebookTracker, translator: ITranslator | null): INbops => {
    const feed = new ChangeFeed();
    connect(app, feed);
    const http = new Http(app.serviceManager.serverSettings);
    const trans = (translator ?? nullTranslator).load('nbops');
    return {
      api: new Api(http),
      governance: new GovernanceApi(http),
      feed,
      actions: actionsOf(app),
      registry: registryOf(app, feed, trans),
      pipelines: new PipelinesApi(http),
      schedules: new SchedulesApi(http),
      projects: new ProjectsApi(http),
      pipelineActions: pipelineActionsOf(app),
      monitors: new MonitorsApi(http),
      monitorActions: monitorActionsOf(app),
      retraining: new RetrainingApi(http),
      retrainingActions: retrainingActionsOf(app),
      trans
    };
  }
};
