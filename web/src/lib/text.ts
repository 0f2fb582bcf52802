/**
 * Text that comes from servers, made safe to look at: Svelte keeps it from being markup, this keeps it from
 * lying. Control characters and those that turn the direction of writing are shown as what they are.
 */

const ODD =
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
const LONGEST = 300;

/** One line of text from a server, at most `longest` characters. */
export function inert(text: string, longest = LONGEST): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return cut.replace(ODD, visible);
}

/** Several lines of text from a server; line ends and tabs stay. */
export function inertBlock(text: string, longest = 100_000): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return cut.replace(ODD, (odd) => (odd === "\n" || odd === "\t" ? odd : visible(odd)));
}

function visible(odd: string): string {
  return `\\u{${(odd.codePointAt(0) ?? 0).toString(16)}}`;
}
