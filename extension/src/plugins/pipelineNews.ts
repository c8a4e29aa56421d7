import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { Token } from '@lumino/coreutils';
import { PipelineNews, type IPipelineNotice } from '../model/pipelineNews';
import { Refresher } from '../model/refresher';
import type { IPipelineRunRef } from '../pipelines';
import { INbops } from './core';
import { INbopsPanel } from './panel';

/** Told of runs that are started from this page. */
export interface IPipelineNews {
  started(run: IPipelineRunRef): void;
}

export const IPipelineNews = new Token<IPipelineNews>(
  'nbops-lab:IPipelineNews',
  'Tells how runs of pipelines end that were started from this page.'
);

/** Several changes at once are one look. */
const DELAY = 600;

/** Tells how runs ended that were started here, and of scheduled runs that failed. */
export const pipelineNews: JupyterFrontEndPlugin<IPipelineNews> = {
  id: 'nbops-lab:pipeline-news',
  description: 'Notifies of the end of pipeline runs and of scheduled runs that failed.',
  autoStart: true,
  provides: IPipelineNews,
  requires: [INbops, INbopsPanel],
  activate: (_app: JupyterFrontEnd, nbops: INbops, { model }: INbopsPanel): IPipelineNews => {
    const { api, pipelines, schedules, pipelineActions, feed, trans } = nbops;
    const open = async (run: IPipelineRunRef): Promise<void> => {
      const { path: file, pipeline, run_id } = await pipelines.run(run);
      const named = file.endsWith('/nbops.toml') ? pipeline : file;
      pipelineActions.show({ path: run.path, pipeline: named, runId: run_id });
    };
    const tell = ({ text, tone, run }: IPipelineNotice): void => {
      Notification[tone](text, {
        autoClose: tone === 'success' ? 5000 : false,
        actions: run
          ? [{ label: trans.__('Open'), callback: () => void open(run).catch(() => undefined) }]
          : undefined
      });
    };
    const found = new PipelineNews({
      pipelines,
      schedules,
      trans,
      tell,
      quiet: () => !model.notifies,
      workspace: async path => (await api.status(path)).workspace
    });
    const refresher = new Refresher({
      refresh: () => found.look(),
      visible: () => document.visibilityState === 'visible' && (model.notifies || found.waits),
      delay: DELAY
    });
    let seen = model.pipelines.state.path;
    model.pipelines.subscribe(() => {
      const { path } = model.pipelines.state;
      if (path !== seen) {
        seen = path;
        found.setPath(path);
        refresher.touch();
      }
    });
    found.setPath(seen);
    feed.subscribe(() => refresher.touch());
    refresher.touch();
    return {
      started: run => {
        found.started(run);
        refresher.touch();
      }
    };
  }
};
