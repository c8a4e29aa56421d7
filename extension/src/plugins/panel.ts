import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Token } from '@lumino/coreutils';
import { PanelModel } from '../model/panel';
import { DEFAULT_SETTINGS, EXECUTED, type IPanelSettings } from '../tokens';
import { Sidebar } from '../widgets/sidebar';
import { INbops } from './core';

/** The sidebar and what it shows. */
export interface INbopsPanel {
  readonly model: PanelModel;
  readonly widget: Sidebar;
}

export const INbopsPanel = new Token<INbopsPanel>('nbops-lab:INbopsPanel', 'The sidebar of nbops.');

const ID = 'nbops-lab:panel';
const RANK = 650;

function read(settings: ISettingRegistry.ISettings): IPanelSettings {
  const given = settings.composite as Partial<IPanelSettings>;
  return { ...DEFAULT_SETTINGS, ...given };
}

async function follow(registry: ISettingRegistry, model: PanelModel): Promise<void> {
  const settings = await registry.load(ID);
  model.configure(read(settings));
  settings.changed.connect(() => model.configure(read(settings)));
}

/** The sidebar with runs, models, pipelines, schedules, monitors and the audit log. */
export const panel: JupyterFrontEndPlugin<INbopsPanel> = {
  id: ID,
  description: 'Runs, models and pipelines in the sidebar.',
  autoStart: true,
  provides: INbopsPanel,
  requires: [INbops, INotebookTracker],
  optional: [ILayoutRestorer, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    nbops: INbops,
    tracker: INotebookTracker,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null
  ): INbopsPanel => {
    const { contents } = app.serviceManager;
    const { api, governance, pipelines, schedules, monitors, feed, actions, trans } = nbops;
    const model = new PanelModel({
      api,
      governance,
      pipelines,
      schedules,
      monitors,
      feed,
      visible: (): boolean => widget.isVisible && document.visibilityState === 'visible'
    });
    const urlOf = (runId: string, artifact: string): string =>
      api.artifactUrl(model.runs.state.query.path, runId, artifact);
    const widget: Sidebar = new Sidebar({
      model,
      actions,
      registry: nbops.registry,
      pipelines: nbops.pipelineActions,
      monitors: nbops.monitorActions,
      urlOf,
      trans
    });
    const follows = (): void => {
      const path = tracker.currentWidget?.context.path;
      // What is shown beside an executed notebook stays what it was.
      if (path !== undefined && contents.driveName(path) !== EXECUTED) {
        model.setNotebook(contents.localPath(path));
      }
    };
    model.refresh();
    follows();
    tracker.currentChanged.connect((_, current) => {
      current?.context.pathChanged.connect(follows);
      follows();
    });
    app.shell.add(widget, 'left', { rank: RANK, type: 'nbops' });
    restorer?.add(widget, widget.id);
    if (registry) {
      // Without its settings the panel works with the defaults; JupyterLab reports the reason itself.
      void follow(registry, model).catch(() => undefined);
    }
    return { model, widget };
  }
};
