// How a verdict comes about: six steps with the pictures and numbers of one photo.

function grid(rows, paint, { behind = null, label }) {
  const canvas = make("canvas", { class: "grid", role: "img", "aria-label": label, width: rows[0].length * 16, height: rows.length * 16 });
  const context = canvas.getContext("2d");
  if (behind) context.drawImage(behind, 0, 0, canvas.width, canvas.height);
  rows.forEach((row, y) => row.forEach((value, x) => {
    context.fillStyle = paint(value);
    context.fillRect(x * 16, y * 16, 16, 16);
    if (behind) {
      context.strokeStyle = "rgb(255 255 255 / .25)";
      context.strokeRect(x * 16, y * 16, 16, 16);
    }
  }));
  return canvas;
}

const votes = strongest => value =>
  `rgb(${value > 0 ? "20 190 225" : "255 170 40"} / ${Math.min(0.85, Math.abs(value) / strongest)})`;

function figure(picture, caption) {
  return make("figure", {}, picture, make("figcaption", {}, caption));
}

function table(head, rows) {
  const cell = (tag, text, number) => make(tag, number ? { class: "number" } : tag === "th" ? { scope: "row" } : {}, text);
  return make("table", {},
    make("thead", {}, make("tr", {}, ...head.map((text, number) => make("th", { scope: "col", class: number ? "number" : "" }, text)))),
    make("tbody", {}, ...rows.map(({ malignant, cells }) => {
      const made = make("tr", { class: malignant ? "malignant" : "" }, ...cells.map((text, number) => cell(number ? "td" : "th", text, number)));
      if (malignant) made.firstChild.insertAdjacentHTML("afterbegin", TRIANGLE);
      return made;
    })));
}

const plus = value => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

function featureMaps(found, kinds) {
  return found.networks.flatMap((network, number) => {
    const size = `${network.maps[0].length} × ${network.maps[0][0].length}`;
    const title = words.steps.network(kinds[number] ?? "", network.channels, size);
    const maps = network.maps.map((rows, place) => grid(rows, value => `rgb(${value} ${value} ${value})`, { label: words.steps.feature(place + 1) }));
    return [make("p", { class: "caption" }, title), make("div", { class: "row" }, ...maps)];
  });
}

function stepsList(found, { kinds, names, image }) {
  const [height, width] = found.size, maps = Object.entries(found.maps);
  const places = maps[0][1].length * maps[0][1][0].length;
  const drawn = maps.map(([name, rows]) => figure(grid(rows, votes(found.strongest), { behind: image, label: words.steps.map(names[name]) }), names[name]));
  const rows = found.rows.map(row => ({ ...row, cells: [row.name, plus(row.sum), plus(row.bias), plus(row.lead)] }));
  const shares = found.rows.map(row => ({ ...row, cells: [row.name, spaced(row.raw), spaced(row.calibrated)] }));
  const axis = make("div");
  axis.innerHTML = found.axis; // drawn by the server from numbers alone
  const contents = [
    [image],
    featureMaps(found, kinds),
    [make("div", { class: "row" }, ...drawn)],
    [table(words.steps.pooled, rows)],
    [table(words.steps.shares, shares)],
    [make("p", { class: `big ${found.suspicious ? "suspicious" : ""}` }, spaced(found.score)), axis],
  ];
  const texts = words.steps.texts({ ...found, height, width, places, likeliest: lowered(names[found.likeliest]) });
  return make("ol", { class: "steps" }, ...contents.map((content, number) =>
    make("li", {},
      make("p", { class: "step", "aria-hidden": "true" }, String(number + 1)),
      make("h3", {}, texts[number].title),
      ...content,
      make("p", { class: "small" }, spaced(texts[number].text)))));
}

async function showSteps(place, found, start) {
  const notice = found.error ?? (found.gate === "refuse" ? `${words.bench.refused}. ${found.note} ${words.bench.noFigures}` : found.note);
  const parts = notice ? [make("p", { class: "warning", role: "alert" }, notice)] : [];
  if (found.input) {
    const image = make("img", { class: "input", src: found.input, alt: words.steps.input });
    await image.decode();
    parts.push(stepsList(found, { kinds: start.networks, names: start.names, image }));
  }
  place.replaceChildren(...parts);
}
