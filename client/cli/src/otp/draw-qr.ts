// A QR code in the terminal, two rows of it in a line: black on white whatever the terminal's own colours are, with the quiet
// zone of four modules that readers need. ISO/IEC 18004.

import qrcode from 'qrcode/lib/core/qrcode.js';

const QUIET = 4;
const BLACK_ON_WHITE = '\u001b[38;5;16;48;5;231m';
const RESET = '\u001b[0m';
/** By upper and lower module, dark or not. */
const BLOCKS = { '00': ' ', '01': '▄', '10': '▀', '11': '█' } as const;

/** Draws `text`, error correction level M. Every line is ended. */
export const drawQr = (text: string): string => {
  const { size, data } = qrcode.create(text, { errorCorrectionLevel: 'M' }).modules;
  const isDark = (row: number, column: number): 0 | 1 => {
    const isInside = row >= 0 && row < size && column >= 0 && column < size;
    return isInside && data[row * size + column] ? 1 : 0;
  };
  let drawn = '';
  for (let row = -QUIET; row < size + QUIET; row += 2) {
    let line = '';
    for (let column = -QUIET; column < size + QUIET; column++) {
      line += BLOCKS[`${isDark(row, column)}${isDark(row + 1, column)}`];
    }
    drawn += `${BLACK_ON_WHITE}${line}${RESET}\n`;
  }
  return drawn;
};
