import assert from 'node:assert/strict';
import test from 'node:test';
import { colours, paint } from './colour.ts';

const STEPS = [0, 95, 135, 175, 215, 255];

/** Red, green and blue of a colour of xterm's table: a cube of six steps from 16 on, 24 greys from 232 on. */
const rgbOf = (colour: number): readonly number[] => {
  if (colour >= 232) return [0, 0, 0].map(() => 8 + 10 * (colour - 232));
  const at = colour - 16;
  return [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map((step) => STEPS[step] ?? 0);
};

/** Relative luminance. WCAG 2.1. */
const luminanceOf = (rgb: readonly number[]): number => {
  const [red = 0, green = 0, blue = 0] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

test('every colour can be read on white and on black', () => {
  for (const [name, colour] of Object.entries(colours)) {
    const luminance = luminanceOf(rgbOf(colour));
    assert.ok(1.05 / (luminance + 0.05) >= 3.9, `${name} on white`);
    assert.ok((luminance + 0.05) / 0.05 >= 3.9, `${name} on black`);
  }
});

test('where no colours are shown, the text stays as it is', () => {
  assert.equal(paint('expired', 'bad', false), 'expired');
  assert.equal(paint('enabled', undefined, true), 'enabled');
  assert.equal(paint('expired', 'bad', true), '\u001b[38;5;196mexpired\u001b[39m');
});
