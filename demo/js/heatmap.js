// Draws the evidence of a diagnosis over a photo: lines or colour for it, dots or another colour against it.
// A map is a list of rows of numbers, in logits: a region that raised the score is positive.

const LEVELS = [0.25, 0.5, 0.75];
const ENLARGED = 6;
const FOR = "#40e0ff", AGAINST = "#ffd45e", CASING = "rgb(0 0 0 / .65)";

// The strongest evidence for any diagnosis in a photo: the scale that its seven maps share.
function strongest(maps) {
  return Math.max(1e-9, ...maps.flat(2));
}

// Enlarges a map by Catmull-Rom interpolation, continued beyond its rim by the values there.
function enlarged(map) {
  const rows = map.length, columns = map[0].length;
  const weights = t => [t * (t * (2 - t) - 1), t * t * (3 * t - 5) + 2, t * (t * (4 - 3 * t) + 1), t * t * (t - 1)];
  const at = (position, size) => {
    const from = Math.floor(position);
    const places = [-1, 0, 1, 2].map(step => Math.min(Math.max(from + step, 0), size - 1));
    return [places, weights(position - from).map(weight => weight / 2)];
  };
  const across = Array.from({ length: columns * ENLARGED }, (_, x) => at((x + 0.5) / ENLARGED - 0.5, columns));
  return Array.from({ length: rows * ENLARGED }, (_, y) => {
    const [lines, heights] = at((y + 0.5) / ENLARGED - 0.5, rows);
    return across.map(([places, widths]) =>
      lines.reduce((sum, line, i) =>
        sum + heights[i] * places.reduce((inner, place, j) => inner + widths[j] * map[line][place], 0), 0));
  });
}

// The lines where a grid crosses a level (marching squares): [x1, y1, x2, y2] each, in shares of width and height.
function contour(grid, level) {
  const segments = [], height = grid.length, width = grid[0].length;
  const cut = (a, b) => (level - a) / (b - a);
  for (let y = 0; y + 1 < height; y++)
    for (let x = 0; x + 1 < width; x++) {
      const [a, b, c, d] = [grid[y][x], grid[y][x + 1], grid[y + 1][x + 1], grid[y + 1][x]];
      const points = [];
      if (a >= level !== b >= level) points.push([x + cut(a, b), y]);
      if (b >= level !== c >= level) points.push([x + 1, y + cut(b, c)]);
      if (d >= level !== c >= level) points.push([x + cut(d, c), y + 1]);
      if (a >= level !== d >= level) points.push([x, y + cut(a, d)]);
      for (let i = 0; i + 1 < points.length; i += 2)
        segments.push([points[i], points[i + 1]].flatMap(([px, py]) => [(px + 0.5) / width, (py + 0.5) / height]));
    }
  return segments;
}

function drawLines(context, segments, { width, height, colour, thickness, dotted }) {
  context.lineCap = "round";
  for (const [style, extra] of [[CASING, 2.5], [colour, 0]]) {
    context.strokeStyle = context.fillStyle = style;
    context.lineWidth = thickness + extra;
    context.beginPath();
    segments.forEach(([x1, y1, x2, y2], number) => {
      if (!dotted) {
        context.moveTo(x1 * width, y1 * height);
        context.lineTo(x2 * width, y2 * height);
      } else if (number % 3 === 0) {
        context.moveTo(x1 * width, y1 * height);
        context.arc(x1 * width, y1 * height, (thickness + extra) / 2, 0, 7);
      }
    });
    dotted ? context.fill() : context.stroke();
  }
}

function drawColour(context, grid, { width, height, scale }) {
  const small = document.createElement("canvas");
  [small.width, small.height] = [grid[0].length, grid.length];
  const inner = small.getContext("2d"), image = inner.createImageData(small.width, small.height);
  grid.flat().forEach((value, place) => {
    const colour = value > 0 ? [64, 224, 255] : [255, 180, 60];
    image.data.set([...colour, Math.min(Math.abs(value) / scale, 1) * 255], place * 4);
  });
  inner.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, width, height);
}

// Draws a map over what a canvas shows. `view` is "photo", "outline" or "colour"; `strength` is 0 to 1.
function drawEvidence(canvas, map, { scale, view, strength }) {
  if (view === "photo" || strength === 0) return;
  const context = canvas.getContext("2d"), { width, height } = canvas, grid = enlarged(map);
  context.save();
  context.globalAlpha = strength;
  if (view === "colour") drawColour(context, grid, { width, height, scale });
  else
    LEVELS.forEach((share, number) => {
      const thickness = (1.6 + number * 0.6) * Math.max(width / 640, 0.5);
      const minus = grid.map(row => row.map(value => -value));
      drawLines(context, contour(minus, share * scale), { width, height, colour: AGAINST, thickness: thickness * 1.5, dotted: true });
      drawLines(context, contour(grid, share * scale), { width, height, colour: FOR, thickness });
    });
  context.restore();
}
