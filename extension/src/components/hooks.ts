import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Store } from '../model/store';

/** The state of a model; the component is drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.snapshot);
}

/** The time in seconds since the epoch, as new as the last drawing and at most a minute old. */
export function useNow(): number {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && tick(n => n + 1), 60_000);
    return () => clearInterval(timer);
  }, []);
  return Date.now() / 1000;
}
