import React, { useState } from 'react';
import type { ITrans } from '../tokens';

/** Lines shown at first, and how many more each time. */
const STEP = 50;

/** The first lines of a long list, and a button for more; null where all are shown. */
export function useMore<T>(items: readonly T[], trans: ITrans): [readonly T[], React.JSX.Element | null] {
  const [limit, setLimit] = useState(STEP);
  const left = items.length - limit;
  const button = (
    <button type="button" className="nbops-quiet nbops-older" onClick={() => setLimit(limit + STEP)}>
      {trans._n('%1 more', '%1 more', left)}
    </button>
  );
  return [items.slice(0, limit), left > 0 ? button : null];
}
