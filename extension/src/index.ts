import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { card } from './plugins/card';
import { cellMetadata } from './plugins/cellMetadata';
import { commands } from './plugins/commands';
import { core } from './plugins/core';
import { news } from './plugins/news';
import { panel } from './plugins/panel';
import { registryCommands } from './plugins/registryCommands';
import { runCommands } from './plugins/runCommands';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  core,
  card,
  cellMetadata,
  panel,
  commands,
  runCommands,
  registryCommands,
  news
];

export default plugins;
