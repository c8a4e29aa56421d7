import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { card } from './plugins/card';
import { cellMetadata } from './plugins/cellMetadata';
import { commands } from './plugins/commands';
import { core } from './plugins/core';
import { panel } from './plugins/panel';
import { runCommands } from './plugins/runCommands';

const plugins: JupyterFrontEndPlugin<unknown>[] = [core, card, cellMetadata, panel, commands, runCommands];

export default plugins;
