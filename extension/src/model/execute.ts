import type { Kernel } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';

/** Where an execution comes from, as the kernel is told. */
export interface IOrigin {
  /** Notebook, relative to the server's root. */
  readonly path: string;
  /** The server's root, if it is known. */
  readonly root: string;
}

const wrapped = new WeakSet<Kernel.IKernelConnection>();

/**
 * Make a kernel connection say with every execution which notebook and cell it comes from.
 *
 * Nothing about this may ever stop a cell from running: whatever fails here, the plain request goes out.
 */
export function tellOrigin(kernel: Kernel.IKernelConnection, origin: () => IOrigin): void {
  if (wrapped.has(kernel)) {
    return;
  }
  wrapped.add(kernel);
  const plain = kernel.requestExecute;
  kernel.requestExecute = (content, disposeOnDone, metadata) =>
    plain.call(kernel, content, disposeOnDone, withOrigin(metadata, origin));
}

function withOrigin(metadata: JSONObject | undefined, origin: () => IOrigin): JSONObject | undefined {
  try {
    const { path, root } = origin();
    if (!path) {
      return metadata;
    }
    const cell = metadata?.['cellId'];
    const nbops: JSONObject = { path };
    if (root) {
      nbops['root'] = root;
    }
    if (typeof cell === 'string') {
      nbops['cell_id'] = cell;
    }
    return { ...metadata, nbops };
  } catch {
    return metadata;
  }
}
