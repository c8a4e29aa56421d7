import React from 'react';
import type { ISign } from '../model/words';

/** A state by shape and word; with `quiet` the word is for screen readers only. */
export function Sign({ sign, quiet = false }: { sign: ISign; quiet?: boolean }): React.JSX.Element {
  return (
    <span className={`nbops-sign nbops-${sign.tone}`} title={quiet ? sign.word : sign.title}>
      <span aria-hidden="true">{sign.shape}</span>
      <span className={quiet ? 'nbops-hidden' : 'nbops-word'}>{sign.word}</span>
    </span>
  );
}
