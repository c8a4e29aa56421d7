import { useLayoutEffect, useRef, type RefObject } from 'react';
import type { ILayout, IMeasure } from '../model/layered';

/** Room around a graph. */
export const MARGIN = 12;
export const STEP = 1.25;
const [SMALLEST, LARGEST] = [0.3, 2.5];
/** A graph that is wider than the tab is made smaller at first, but stays readable. */
const READABLE = 0.7;

/** A zoom that is neither too small nor too large. */
export function bounded(zoom: number): number {
  return Math.min(LARGEST, Math.max(SMALLEST, zoom));
}

/** Gives a new graph a size that fits, and keeps the node looked at in view. */
export function useCanvas(
  layout: ILayout,
  measure: IMeasure,
  selected: string,
  zoom: number,
  setZoom: (zoom: number) => void
): RefObject<HTMLDivElement> {
  const canvas = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const width = canvas.current?.clientWidth ?? 0;
    if (width > 0) {
      setZoom(Math.min(1, Math.max(READABLE, width / (layout.width + 2 * MARGIN))));
    }
  }, [layout, setZoom]);
  useLayoutEffect(() => {
    const box = canvas.current;
    const place = layout.places.get(selected);
    if (box && place) {
      const [left, top] = [(place.x + MARGIN) * zoom, (place.y + MARGIN) * zoom];
      box.scrollLeft = within(box.scrollLeft, left, measure.width * zoom, box.clientWidth);
      box.scrollTop = within(box.scrollTop, top, measure.height * zoom, box.clientHeight);
    }
  }, [layout, measure, selected, zoom]);
  return canvas;
}

/** Where to scroll to so that a stretch is seen, with its neighbours if it was not. */
function within(scroll: number, start: number, size: number, seen: number): number {
  return start < scroll || start + size > scroll + seen ? start + size / 2 - seen / 2 : scroll;
}
