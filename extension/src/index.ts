import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { card } from './plugins/card';
import { cellMetadata } from './plugins/cellMetadata';
import { commands } from './plugins/commands';
import { core } from './plugins/core';
import { executed } from './plugins/executed';
import { monitorCommands } from './plugins/monitorCommands';
import { monitorNews } from './plugins/monitorNews';
import { news } from './plugins/news';
import { panel } from './plugins/panel';
import { pipelineCommands } from './plugins/pipelineCommands';
import { pipelineFiles } from './plugins/pipelineFiles';
import { pipelineNews } from './plugins/pipelineNews';
import { project } from './plugins/project';
import { registryCommands } from './plugins/registryCommands';
import { retrainingCommands } from './plugins/retrainingCommands';
import { runCommands } from './plugins/runCommands';
import { scheduleCommands } from './plugins/scheduleCommands';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  core,
  card,
  cellMetadata,
  panel,
  commands,
  runCommands,
  registryCommands,
  news,
  pipelineNews,
  pipelineCommands,
  pipelineFiles,
  executed,
  scheduleCommands,
  monitorCommands,
  monitorNews,
  retrainingCommands,
  project
];

export default plugins;
