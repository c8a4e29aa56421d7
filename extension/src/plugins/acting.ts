import { Notification } from '@jupyterlab/apputils';
import { failureOf, sentence } from '../model/failure';
import type { INbops } from './core';

/** Change something on the server, and tell how it went; nothing is said of what went well without `done`. */
export async function change(
  { feed, trans }: INbops,
  work: () => Promise<unknown>,
  done: string
): Promise<boolean> {
  try {
    await work();
    if (done) {
      Notification.success(done, { autoClose: 3000 });
    }
    return true;
  } catch (reason) {
    Notification.error(sentence(failureOf(reason), trans), { autoClose: false });
    return false;
  } finally {
    feed.local();
  }
}
