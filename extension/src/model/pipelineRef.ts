import type { IPipelineLine, IPipelineRef } from '../pipelines';
import { baseName } from './format';

const SETTINGS = 'nbops.toml';

/** How the server is told of a pipeline: by its file, or where one file holds several by its name. */
export function refOf(line: Pick<IPipelineLine, 'name' | 'path'>, path: string): IPipelineRef {
  return { path, pipeline: baseName(line.path) === SETTINGS ? line.name : line.path };
}

/** Whether a file, by its name, may be a pipeline file. */
export function mayBePipeline(path: string): boolean {
  return /(^|[-_.])pipeline[^/]*\.toml$/i.test(baseName(path));
}

const STAGE_TAG = /^stage:./;

/** Whether a notebook (as JSON) is a pipeline by the tags of its cells. */
export function hasStages(cells: Iterable<readonly string[]>): boolean {
  for (const tags of cells) {
    if (tags.some(tag => STAGE_TAG.test(tag))) {
      return true;
    }
  }
  return false;
}
