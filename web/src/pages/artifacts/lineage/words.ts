/** Signs that take the room of two: Chinese, Japanese, Korean, emoji. */
const BROAD = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f000}-\u{3ffff}]/u;

/**
 * A text cut to so much room, in narrow signs; the middle goes, for the ends of names tell them apart
 * ("resnet50-imag…v12").
 */
export function short(text: string, room: number): string {
  const signs = [...text];
  if (width(signs) <= room) return text;
  const end = take([...signs].reverse(), Math.floor(room / 3)).reverse();
  const start = take(signs, room - 1 - width(end));
  return `${start.join("")}…${end.join("")}`;
}

function take(signs: readonly string[], room: number): string[] {
  const taken: string[] = [];
  for (const sign of signs) {
    if (width([...taken, sign]) > room) break;
    taken.push(sign);
  }
  return taken;
}

function width(signs: readonly string[]): number {
  return signs.reduce((sum, sign) => sum + (BROAD.test(sign) ? 2 : 1), 0);
}
