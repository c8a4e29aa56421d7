import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Store } from '../model/store';

/** The state of a model; the component is drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.snapshot);
}

/** The time in seconds since the epoch, as new as the last drawing and at most so many seconds old. */
export function useNow(seconds = 60): number {
  const [, tick] = useState(0);
  useEffect(() => {
    const look = () => document.visibilityState === 'visible' && tick(n => n + 1);
    const timer = setInterval(look, 1000 * seconds);
    return () => clearInterval(timer);
  }, [seconds]);
  return Date.now() / 1000;
}
