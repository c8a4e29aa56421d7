import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { News, type INotice } from '../model/news';
import { Refresher } from '../model/refresher';
import { INbops } from './core';
import { INbopsPanel } from './panel';

/** Several changes at once are one look. */
const DELAY = 600;

/** Tells of promotions and of approvals that wait, in the workspace of the notebook in front. */
export const news: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:news',
  description: 'Notifies of promotions and of approvals that wait.',
  autoStart: true,
  requires: [INbops, INbopsPanel],
  activate: (_app: JupyterFrontEnd, nbops: INbops, { model }: INbopsPanel): void => {
    const { api, governance, feed, registry, trans } = nbops;
    const tell = ({ text, tone, target }: INotice): void => {
      Notification[tone](text, {
        autoClose: tone === 'info' ? false : 10_000,
        actions: target
          ? [{ label: trans.__('Show'), callback: () => registry.openPromotion(target) }]
          : undefined
      });
    };
    const found = new News({
      governance,
      trans,
      tell,
      me: async path => {
        const { workspace, me } = await api.status(path);
        return { workspace, name: me?.name ?? '' };
      }
    });
    const refresher = new Refresher({
      refresh: () => found.look(),
      visible: () => document.visibilityState === 'visible' && model.notifies,
      delay: DELAY
    });
    model.models.subscribe(() => {
      const { path } = model.models.state;
      if (path !== seen) {
        seen = path;
        found.setPath(path);
        refresher.touch();
      }
    });
    let seen = model.models.state.path;
    found.setPath(seen);
    feed.subscribe(() => refresher.touch());
    refresher.touch();
  }
};
