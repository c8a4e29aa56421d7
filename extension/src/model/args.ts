/** What a command was called with. */
export type Args = Readonly<Record<string, unknown>>;

/** A text among the arguments, or a number as text, as versions have it; empty if there is none. */
export function text(args: Args, name: string): string {
  const value = args[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
