/** Values by name, as lines of text `name = value`. */
export function toLines(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} = ${value}`)
    .join('\n');
}

/** Read lines `name = value`; the first line that is none is given back as `wrong`. */
export function fromLines(text: string): { values: Record<string, string>; wrong: string } {
  const values: Record<string, string> = {};
  let wrong = '';
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    const name = line.slice(0, Math.max(0, at)).trim();
    if (at > 0 && name) {
      values[name] = line.slice(at + 1).trim();
    } else if (line.trim()) {
      wrong ||= line.trim();
    }
  }
  return { values, wrong };
}

/** Read a list written with commas. */
export function fromList(text: string): string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(Boolean);
}
