import { LabIcon } from '@jupyterlab/ui-components';

/** Three runs, each better than the one before. */
export const nbopsIcon = new LabIcon({
  name: 'nbops:panel',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161"><circle cx="5" cy="17" r="2.6"/><circle cx="12" cy="12" r="2.6"/><circle cx="19" cy="5" r="2.6"/><path d="M5.6 17.8 4.4 16.2l7-5 6.9-6.9 1.4 1.4-7.1 7.1z"/><path d="M3 21h18v1.4H3z"/></g>
</svg>`
});

/** A cell with a point that is recorded. */
export const trackIcon = new LabIcon({
  name: 'nbops:track',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161"><path d="M3 5h18v14H3zm1.8 1.8v10.4h14.4V6.8z" fill-rule="evenodd"/><circle cx="12" cy="12" r="3.2"/></g>
</svg>`
});
