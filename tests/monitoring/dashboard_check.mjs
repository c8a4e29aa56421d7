// node dashboard_check.mjs FOLDER DASHBOARD EXPRESSIONS: types by Grafana's schema, queries by Prometheus' grammar.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dashboardFile, expressionsFile] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const ts = require('typescript');
const { parser } = await import(
  pathToFileURL(require.resolve('@prometheus-io/lezer-promql')).href
);

const problems = [];
for (const expression of JSON.parse(readFileSync(expressionsFile, 'utf8'))) {
  // What Grafana puts in before it asks.
  const asked = expression.replaceAll('$__rate_interval', '5m');
  parser.parse(asked).iterate({
    enter: node => {
      if (node.type.isError) {
        problems.push(`${asked} at ${node.from}: ${asked.slice(node.from, node.from + 20)}`);
      }
    }
  });
}

const raw = './node_modules/@grafana/schema/dist/types/raw';
const dashboard = readFileSync(dashboardFile, 'utf8');
const { panels } = JSON.parse(dashboard);
const options = kind =>
  JSON.stringify(panels.filter(panel => panel.type === kind).map(panel => panel.options));
// An enum of texts takes its texts here: JSON has no enums.
const source = `
import type { Dashboard } from '${raw}/dashboard/x/types.gen';
import type { Options as TimeSeries } from '${raw}/composable/timeseries/panelcfg/x/types.gen';
import type { Options as Stat } from '${raw}/composable/stat/panelcfg/x/types.gen';
type Plain<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
export const dashboard: Plain<Dashboard> = ${dashboard};
export const lines: Plain<TimeSeries>[] = ${options('timeseries')};
export const stats: Plain<Stat>[] = ${options('stat')};
`;
const file = join(folder, `check-${process.pid}.ts`);
writeFileSync(file, source);
const program = ts.createProgram([file], {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler
});
for (const found of ts.getPreEmitDiagnostics(program)) {
  problems.push(ts.flattenDiagnosticMessageText(found.messageText, '\n'));
}
require('node:fs').unlinkSync(file);
console.log(JSON.stringify(problems));
