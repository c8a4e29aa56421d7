import React from 'react';
import type { Counts } from '../pipelines';
import { total } from '../model/stages';
import { countWords, stageSign } from '../model/stageWords';
import type { StageRun, StageRunStatus } from '../records';
import type { ITrans } from '../tokens';

interface IStageBarProps {
  readonly stages: readonly StageRun[];
  readonly counts: Counts;
  readonly trans: ITrans;
}

/** More pieces than this cannot be told apart. */
const MOST = 24;
const ORDER: readonly StageRunStatus[] = [
  'succeeded',
  'skipped',
  'failed',
  'lost',
  'stopped',
  'running',
  'pending'
];

/** All stages of a run in a line: one piece each, or where they are many one for each state. */
export function StageBar({ stages, counts, trans }: IStageBarProps): React.JSX.Element {
  const few = stages.length === total(counts) && stages.length <= MOST;
  const pieces = few
    ? stages.map(({ stage, status }) => ({
        key: stage,
        status,
        share: 1,
        title: `${stage}: ${stageSign(status, trans).word}`
      }))
    : ORDER.map(status => ({
        key: status,
        status,
        share: counts[status] ?? 0,
        title: stageSign(status, trans).word
      }));
  return (
    <span
      className={`nbops-stages ${few ? '' : 'nbops-many'}`}
      role="img"
      aria-label={countWords(counts, trans)}
    >
      {pieces
        .filter(piece => piece.share > 0)
        .map(({ key, status, share, title }) => (
          <span
            key={key}
            className={`nbops-piece nbops-piece-${status}`}
            style={{ flexGrow: share }}
            title={title}
          />
        ))}
    </span>
  );
}
