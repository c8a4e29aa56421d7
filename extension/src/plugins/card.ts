import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { RUN_MIME } from '../records';
import { CardRenderer } from '../widgets/cardRenderer';
import { INbops } from './core';

/** Before `text/html` and `text/plain`, which stand beside it for everybody else. */
const RANK = 10;

function pathOf(resolver: IRenderMime.IResolver | null): string {
  const path: unknown = resolver && 'path' in resolver ? resolver.path : '';
  return typeof path === 'string' ? path : '';
}

/** Renders the card under a tracked cell. */
export const card: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:card',
  description: 'Renders the card of a tracked run.',
  autoStart: true,
  requires: [IRenderMimeRegistry, INbops, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    registry: IRenderMimeRegistry,
    nbops: INbops,
    tracker: INotebookTracker
  ): void => {
    const { contents } = app.serviceManager;
    const factory: IRenderMime.IRendererFactory = {
      safe: true,
      mimeTypes: [RUN_MIME],
      createRenderer: options =>
        new CardRenderer(options.mimeType, () => contents.localPath(pathOf(options.resolver)), nbops)
    };
    registry.addFactory(factory, RANK);
    // A notebook restored earlier has a registry of its own, cloned before this factory was there.
    tracker.forEach(panel => panel.content.rendermime.addFactory(factory, RANK));
  }
};
