// Text from records and files, made safe to show: what a terminal would obey, or what would hide or reorder the text
// beside it, is shown as its number instead.

// Controls, and the characters that change direction or are not seen at all.
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;
const NO_WIDTH = /^[\p{Mn}\p{Me}\u200c\u200d]$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;

/** One line of text that is safe on a terminal. */
export const printable = (text: string): string =>
  text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

const widthOf = (character: string): number => (NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** How many columns of a terminal a printable text takes. */
export const displayWidth = (text: string): number => {
  let width = 0;
  for (const character of text) width += character >= ' ' && character <= '~' ? 1 : widthOf(character);
  return width;
};

/** At most `width` columns of the text, its end replaced by an ellipsis if it is longer. */
export const shortened = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text;
  let used = 1;
  let kept = '';
  for (const character of text) {
    used += widthOf(character);
    if (used > width) break;
    kept += character;
  }
  return `${kept}…`;
};
