import React, { useCallback, useRef } from 'react';
import type { LogModel } from '../model/log';
import type { ITrans } from '../tokens';
import { Failure } from './Failure';
import { useStore } from './hooks';

export interface ILogProps {
  readonly model: LogModel;
  readonly dark: boolean;
  readonly trans: ITrans;
}

/** Closer to its end than this (in pixels) a page is followed as it grows. */
const NEAR = 40;
const NIGHT = /@media \(prefers-color-scheme: ?dark\)/g;

/**
 * The executed notebook of a stage as a page in a frame that runs no scripts and asks for nothing.
 *
 * The frame has this page's origin so that its place can be kept when the page grows; without `allow-scripts`
 * nothing in it can make use of that.
 */
export function LogView({ model, dark, trans }: ILogProps): React.JSX.Element {
  const { html, running, loaded, failure, stage } = useStore(model);
  const frame = useRef<HTMLIFrameElement>(null);
  const place = useRef<{ top: number; atEnd: boolean } | null>(null);
  const page = themed(html, dark);
  const onLoad = useCallback(() => {
    const shown = frame.current?.contentWindow;
    const body = shown?.document.scrollingElement;
    if (!shown || !body) {
      return;
    }
    // A page that still grows is followed from the start.
    const { top, atEnd } = place.current ?? { top: 0, atEnd: model.state.running };
    body.scrollTop = atEnd ? body.scrollHeight : top;
    const note = () => {
      const { scrollTop, scrollHeight, clientHeight } = body;
      place.current = { top: scrollTop, atEnd: scrollHeight - scrollTop - clientHeight < NEAR };
    };
    shown.addEventListener('scroll', note);
  }, [model]);
  return (
    <article className="nbops-log" aria-label={trans.__('Log of %1', stage.stage)}>
      {failure && !running && (
        <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />
      )}
      {!html && (
        <p className="nbops-empty" role="status">
          {loaded && !running ? '' : trans.__('There is nothing to show yet.')}
        </p>
      )}
      {html && (
        <iframe
          ref={frame}
          title={trans.__('Executed notebook of %1', stage.stage)}
          sandbox="allow-same-origin"
          srcDoc={page}
          onLoad={onLoad}
        />
      )}
    </article>
  );
}

/** The page in JupyterLab's theme instead of the browser's. */
export function themed(html: string, dark: boolean): string {
  return html
    .replace(NIGHT, dark ? '@media all' : '@media not all')
    .replace('color-scheme:light dark', `color-scheme:${dark ? 'dark' : 'light'}`);
}
