import React, { useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';

export interface IWindowedListProps {
  readonly label: string;
  readonly count: number;
  readonly rowHeight: number;
  readonly active: number;
  readonly onActive: (index: number) => void;
  readonly onOpen: (index: number) => void;
  /** Which rows are in view. */
  readonly onRange: (first: number, last: number) => void;
  readonly render: (index: number) => React.ReactNode;
  /** What a row is called: typing its beginning leads to it. */
  readonly textOf?: (index: number) => string;
}

/** Rows kept ready above and below the view. */
const AHEAD = 6;
/** Assumed before the list has been measured. */
const FIRST_HEIGHT = 400;
/** Letters typed within so many milliseconds belong together. */
const PAUSE = 800;

/** A listbox of any length that keeps only the rows in view in the document. Rows are all equally high. */
export function WindowedList(props: IWindowedListProps): React.JSX.Element {
  const { count, rowHeight, active, onRange } = props;
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = useHeight(box);
  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - AHEAD, count - 1));
  const last = Math.min(count - 1, Math.ceil((top + height) / rowHeight) + AHEAD);

  useEffect(() => {
    if (count > 0) {
      onRange(first, last);
    }
  }, [first, last, count, onRange]);

  const reveal = useCallback(
    (index: number) => {
      const node = box.current;
      if (node && index * rowHeight < node.scrollTop) {
        node.scrollTop = index * rowHeight;
      } else if (node && (index + 1) * rowHeight > node.scrollTop + node.clientHeight) {
        node.scrollTop = (index + 1) * rowHeight - node.clientHeight;
      }
      setTop(node?.scrollTop ?? 0);
    },
    [rowHeight]
  );

  const said = useRef({ text: '', at: 0 });
  /** The next row that begins with what has been typed; the same letter again leads on. */
  const typed = (letter: string): number | null => {
    const { text, at } = said.current;
    const whole = (Date.now() - at < PAUSE && text !== letter ? text + letter : letter).toLowerCase();
    said.current = { text: whole, at: Date.now() };
    const { textOf } = props;
    const from = whole.length > 1 ? active : active + 1;
    const order = Array.from({ length: textOf ? count : 0 }, (_, i) => (from + i) % count);
    return order.find(index => textOf?.(index).toLowerCase().startsWith(whole)) ?? null;
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter' && active >= 0) {
      event.preventDefault();
      props.onOpen(active);
      return;
    }
    const { key, ctrlKey, altKey, metaKey } = event;
    const letter = key.length === 1 && key.trim() !== '' && !ctrlKey && !altKey && !metaKey;
    const target = letter
      ? typed(key)
      : destination(key, active, count, Math.max(1, Math.floor(height / rowHeight) - 1));
    if (target !== null) {
      event.preventDefault();
      props.onActive(target);
      reveal(target);
    }
  };

  const shown = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  const inView = active >= first && active <= last;
  return (
    <div
      ref={box}
      className="nbops-list"
      role="listbox"
      tabIndex={0}
      aria-label={props.label}
      aria-activedescendant={inView && count > 0 ? `${id}-${active}` : undefined}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: count * rowHeight, position: 'relative' }}>
        {shown.map(index => (
          <div
            key={index}
            id={`${id}-${index}`}
            role="option"
            className="nbops-option"
            aria-selected={index === active}
            aria-setsize={count}
            aria-posinset={index + 1}
            style={{ position: 'absolute', top: index * rowHeight, height: rowHeight, left: 0, right: 0 }}
            onClick={() => {
              props.onActive(index);
              props.onOpen(index);
            }}
          >
            {props.render(index)}
          </div>
        ))}
      </div>
    </div>
  );
}

/** Where a key leads, or null if it is none of the list's. */
function destination(key: string, active: number, count: number, page: number): number | null {
  const targets: Record<string, number> = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + page,
    PageUp: active - page,
    Home: 0,
    End: count - 1
  };
  return key in targets && count > 0 ? Math.max(0, Math.min(count - 1, targets[key])) : null;
}

function useHeight(box: React.RefObject<HTMLDivElement>): number {
  const [height, setHeight] = useState(FIRST_HEIGHT);
  useLayoutEffect(() => {
    const node = box.current;
    if (!node) {
      return;
    }
    const observer = new ResizeObserver(() => setHeight(node.clientHeight || FIRST_HEIGHT));
    observer.observe(node);
    return () => observer.disconnect();
  }, [box]);
  return height;
}
