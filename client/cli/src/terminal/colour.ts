// Colours that can be read on a light and on a dark background: of the 256 that terminals know, those whose contrast is
// about the same against both. Whatever a colour says, words say too. https://www.w3.org/TR/WCAG21/#contrast-minimum

/** The number of each colour among the 256. */
export const colours = { good: 28, bad: 196, attention: 130, quiet: 243 } as const;

export type Colour = keyof typeof colours;

/** Whether stdout is a terminal that shows them; `NO_COLOR` in the environment says no. */
export const hasColours = (): boolean => process.stdout.isTTY === true && process.stdout.hasColors(256);

/** The text in a colour, if there is one and colours are shown. */
export const paint = (text: string, colour: Colour | undefined, isShown: boolean): string =>
  colour === undefined || !isShown ? text : `\u001b[38;5;${colours[colour]}m${text}\u001b[39m`;
