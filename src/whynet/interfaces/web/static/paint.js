// @ts-check
/** Arrays of bytes as pictures on canvases. */

/** @typedef {{shape: number[], bytes: string, top?: number}} Pixels */

/** @param {Pixels} pixels @returns {Uint8Array} */
export function bytes(pixels) {
  const text = atob(pixels.bytes), data = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) data[i] = text.charCodeAt(i);
  return data;
}

/** Of each of the 256 values its colour, as it lies in a canvas. @param {(value: number) => number[]} colour */
const table = (colour) => Uint32Array.from({ length: 256 }, (_, value) => { const [r, g, b] = colour(value); return opaque(r, g, b); });
/** @param {number} r @param {number} g @param {number} b */
const opaque = (r, g, b) => ((255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;

/** `ink`: 0 is none; `heat`: 0 is cold; `signed`: 128 is 0. */
export const COLOURS = {
  ink: table((value) => [255 - value, 255 - value, 255 - value]),
  heat: table((value) => { const s = value / 255; return [255 - 229 * s, 255 - 156 * s, 255 - 89 * s]; }),
  signed: table((value) => {
    const s = Math.min(1, Math.abs(value - 128) / 127);
    return value >= 128 ? [255 - 77 * s, 255 - 231 * s, 255 - 212 * s] : [255 - 222 * s, 255 - 153 * s, 255 - 83 * s];
  }),
};

/**
 * One picture of several, onto a canvas that there is already.
 * @param {HTMLCanvasElement} canvas @param {Uint8Array} data @param {number[]} shape [n, rows, columns(, 3)]
 * @param {number} index @param {keyof typeof COLOURS} colours
 */
export function paint(canvas, data, shape, index, colours) {
  const [, rows, columns, channels] = shape;
  if (canvas.width !== columns || canvas.height !== rows) { canvas.width = columns; canvas.height = rows; }
  // So small a picture is drawn faster by the processor than it is brought to the graphics card.
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer), colour = COLOURS[colours];
  const size = rows * columns * (channels || 1);
  for (let i = 0; i < rows * columns; i++) {
    const at = index * size + i * (channels || 1);
    pixels[i] = channels ? opaque(data[at], data[at + 1], data[at + 2]) : colour[data[at]];
  }
  context.putImageData(image, 0, 0);
}

/** An empty canvas for a picture. @param {string} words what it shows */
export function blank(words) {
  const canvas = document.createElement("canvas");
  canvas.className = "pixels";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words);
  return canvas;
}

/**
 * One picture of several on a canvas.
 * @param {Uint8Array} data @param {number[]} shape @param {number} index @param {keyof typeof COLOURS} colours
 * @param {string} words what it shows
 */
export function picture(data, shape, index, colours, words) {
  const canvas = blank(words);
  paint(canvas, data, shape, index, colours);
  return canvas;
}

/** All pictures of an array. @param {Pixels} pixels @param {keyof typeof COLOURS} colours @param {(index: number) => string} words */
export function pictures(pixels, colours, words) {
  const data = bytes(pixels);
  return Array.from({ length: pixels.shape[0] }, (_, index) => picture(data, pixels.shape, index, colours, words(index)));
}

/** Pictures that are drawn over when there are new ones: a stroke changes all of them, and new canvases are dear. */
export class Album {
  /** @param {keyof typeof COLOURS} colours */
  constructor(colours) {
    this.colours = colours;
    /** @type {HTMLCanvasElement[]} */
    this.canvases = [];
  }

  /** @param {Pixels} pixels @param {(index: number) => string} words @returns {boolean} whether there are other canvases now */
  show(pixels, words) {
    const data = bytes(pixels), count = pixels.shape[0], other = this.canvases.length !== count;
    if (other) this.canvases = Array.from({ length: count }, () => blank(""));
    this.canvases.forEach((canvas, index) => {
      paint(canvas, data, pixels.shape, index, this.colours);
      canvas.setAttribute("aria-label", words(index));
    });
    return other;
  }
}

const small = document.createElement("canvas");

/**
 * The picture with the box of its ink and its centre of mass drawn over it.
 * @param {HTMLCanvasElement} canvas @param {Pixels} pixels @param {number[]|null} box @param {number[]|null} centre
 */
export function frame(canvas, pixels, box, centre) {
  const [, rows, columns] = pixels.shape;
  paint(small, bytes(pixels), pixels.shape, 0, "ink");
  const scale = Math.max(1, Math.floor(336 / columns));
  if (canvas.width !== columns * scale || canvas.height !== rows * scale) { canvas.width = columns * scale; canvas.height = rows * scale; }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  if (box) {
    context.strokeStyle = "#1a63a6";
    context.lineWidth = 2;
    context.setLineDash([5, 4]);
    context.strokeRect(box[1] * scale, box[0] * scale, (box[3] - box[1]) * scale, (box[2] - box[0]) * scale);
  }
  if (centre) {
    const [y, x] = [(centre[0] + 0.5) * scale, (centre[1] + 0.5) * scale];
    context.setLineDash([]);
    context.strokeStyle = "#c2410c";
    context.lineWidth = 3;
    context.beginPath();
    context.moveTo(x - 9, y); context.lineTo(x + 9, y); context.moveTo(x, y - 9); context.lineTo(x, y + 9);
    context.stroke();
  }
}
