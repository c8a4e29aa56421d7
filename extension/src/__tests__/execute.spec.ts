import type { Kernel } from '@jupyterlab/services';
import { tellOrigin } from '../model/execute';

function kernel() {
  const requestExecute = jest.fn<unknown, unknown[]>(function (this: unknown) {
    return { owner: this };
  });
  const connection = { requestExecute } as unknown as Kernel.IKernelConnection;
  return { connection, requestExecute };
}

const CONTENT = { code: '1' };

test('every execution says where it comes from', () => {
  const { connection, requestExecute } = kernel();
  tellOrigin(connection, () => ({ path: 'a/b.ipynb', root: '/srv' }));
  const future = connection.requestExecute(CONTENT, true, { cellId: 'c1', trusted: true });
  expect(requestExecute).toHaveBeenCalledWith(CONTENT, true, {
    cellId: 'c1',
    trusted: true,
    nbops: { path: 'a/b.ipynb', root: '/srv', cell_id: 'c1' }
  });
  expect((future as unknown as { owner: unknown }).owner).toBe(connection);
});

test('the path is the one at the time of the execution', () => {
  const { connection, requestExecute } = kernel();
  let path = 'old.ipynb';
  tellOrigin(connection, () => ({ path, root: '' }));
  path = 'new.ipynb';
  connection.requestExecute(CONTENT);
  expect(requestExecute).toHaveBeenCalledWith(CONTENT, undefined, { nbops: { path: 'new.ipynb' } });
});

test('whatever fails, the plain request goes out', () => {
  const { connection, requestExecute } = kernel();
  tellOrigin(connection, () => {
    throw new Error('disposed');
  });
  connection.requestExecute(CONTENT, false, { cellId: 'c1' });
  expect(requestExecute).toHaveBeenCalledWith(CONTENT, false, { cellId: 'c1' });
});

test('without a notebook nothing is added', () => {
  const { connection, requestExecute } = kernel();
  tellOrigin(connection, () => ({ path: '', root: '/srv' }));
  connection.requestExecute(CONTENT);
  expect(requestExecute).toHaveBeenCalledWith(CONTENT, undefined, undefined);
});

test('a connection is wrapped once, the metadata of the caller stays as it is', () => {
  const { connection, requestExecute } = kernel();
  tellOrigin(connection, () => ({ path: 'a.ipynb', root: '' }));
  const once = connection.requestExecute;
  tellOrigin(connection, () => ({ path: 'b.ipynb', root: '' }));
  expect(connection.requestExecute).toBe(once);
  const metadata = { cellId: 'c1' };
  connection.requestExecute(CONTENT, true, metadata);
  expect(metadata).toEqual({ cellId: 'c1' });
  expect(requestExecute).toHaveBeenCalledTimes(1);
});
