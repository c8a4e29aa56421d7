import React from 'react';
import type { IMeasure, IPlace } from '../model/layered';

interface IEdgeProps {
  readonly from: IPlace | undefined;
  readonly to: IPlace | undefined;
  readonly measure: IMeasure;
  readonly label?: string;
  readonly className: string;
}

/** A line of a layered graph, from the right side of a node to the left side of another. */
export function GraphEdge({ from, to, measure, label, className }: IEdgeProps): React.JSX.Element | null {
  if (!from || !to) {
    return null;
  }
  const [x1, y1] = [from.x + measure.width, from.y + measure.height / 2];
  const [x2, y2] = [to.x, to.y + measure.height / 2];
  const bend = Math.max(20, Math.abs(x2 - x1) / 2);
  return (
    <g className={`nbops-edge ${className}`} aria-hidden="true">
      <path d={`M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 5} ${y2}`}>
        {label && <title>{label}</title>}
      </path>
      <path className="nbops-arrow" d={`M${x2} ${y2} l-7 -3.5 v7 z`} />
    </g>
  );
}

/** SVG text does not cut itself. */
export function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
