/**
 * Path of a notebook relative to the server's root, or empty if it lies elsewhere. `fallback` is the path of the
 * notebook that asks: it is taken where the absolute path is the same file by name and the root is not known.
 */
export function relativePath(notebook: string, root: string, fallback: string): string {
  const base = root.endsWith('/') ? root : `${root}/`;
  if (root && notebook.startsWith(base)) {
    return notebook.slice(base.length);
  }
  return fallback && notebook.endsWith(`/${fallback}`) ? fallback : '';
}

/** A name for a registered model: the experiment's, else the notebook's, else the class's. */
export function modelName(experiment: string, notebook: string, className: string): string {
  const stem = notebook
    .slice(notebook.lastIndexOf('/') + 1)
    .replace(/\.[^.]*$/, '')
    .replace(/^\d+[_-]*/, '');
  const found = [experiment, stem, className].find(name => name.trim() !== '') ?? 'model';
  return found.trim().replace(/[\s/:\\]+/g, '-');
}
