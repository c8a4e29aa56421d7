import React from 'react';
import { formatSize } from '../model/format';
import type { ArtifactRef } from '../records';
import type { ITrans } from '../tokens';

interface IArtifactsProps {
  readonly artifacts: readonly ArtifactRef[];
  readonly urlOf: (path: string) => string;
  readonly trans: ITrans;
}

const PICTURES = ['image/png', 'image/jpeg'];

/** The files of a run: pictures are shown, the rest opens in a tab of the browser or is downloaded. */
export function Artifacts({ artifacts, urlOf, trans }: IArtifactsProps): React.JSX.Element {
  return (
    <ul className="nbops-artifacts" aria-label={trans.__('Files')}>
      {artifacts.map(one => (
        <li key={one.path}>
          <a href={urlOf(one.path)} target="_blank" rel="noopener noreferrer" title={one.digest}>
            {one.path}
          </a>{' '}
          <span className="nbops-dim nbops-num">{formatSize(one.size)}</span>
          {PICTURES.includes(one.media_type) && <img src={urlOf(one.path)} alt={one.path} loading="lazy" />}
        </li>
      ))}
    </ul>
  );
}
