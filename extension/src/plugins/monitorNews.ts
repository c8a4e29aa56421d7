import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { MonitorNews, type IMonitorNotice } from '../model/monitorNews';
import { Refresher } from '../model/refresher';
import { INbops } from './core';
import { INbopsPanel } from './panel';

/** Tells of trouble that monitors have found, in the workspace of the notebook in front. */
export const monitorNews: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:monitor-news',
  description: 'Notifies of alerts of monitors, and that they are over.',
  autoStart: true,
  requires: [INbops, INbopsPanel],
  activate: (_app: JupyterFrontEnd, nbops: INbops, { model }: INbopsPanel): void => {
    const { api, monitors, monitorActions, feed, trans } = nbops;
    const shown = new Map<number, string>();
    const settled = (incident: number): void => {
      const id = shown.get(incident);
      if (id !== undefined) {
        shown.delete(incident);
        Notification.dismiss(id);
      }
    };
    const tell = ({ text, over, incident, check, monitor }: IMonitorNotice): void => {
      settled(incident);
      const show = { label: trans.__('Show'), callback: () => monitorActions.show(monitor) };
      if (over) {
        Notification.info(text, { autoClose: 5000, actions: [show] });
        return;
      }
      const acknowledge = {
        label: trans.__('Acknowledge'),
        callback: () => monitorActions.acknowledge({ ...monitor, incident, what: check })
      };
      shown.set(incident, Notification.warning(text, { autoClose: false, actions: [show, acknowledge] }));
    };
    const found = new MonitorNews({
      monitors,
      trans,
      tell,
      settled,
      workspace: async path => (await api.status(path)).workspace
    });
    const refresher = new Refresher({
      refresh: () => found.look(),
      visible: () => document.visibilityState === 'visible' && model.notifies
    });
    let seen = model.monitors.state.path;
    model.monitors.subscribe(() => {
      const { path } = model.monitors.state;
      if (path !== seen) {
        seen = path;
        found.setPath(path);
        refresher.touch();
      }
    });
    found.setPath(seen);
    feed.subscribe(() => refresher.touch());
    refresher.touch();
  }
};
