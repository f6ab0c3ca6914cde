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

const plus = value => `${value < 0 ? "−" : "+"}${decimals(Math.abs(value), 2)}`;

function featureMaps(found, kinds) {
  return found.networks.flatMap((network, number) => {
    const size = `${network.maps[0].length} × ${network.maps[0][0].length}`;
    const title = say("learn.network_maps", { kind: kinds[number] ?? "", maps: decimals(network.channels, 0), size });
    const maps = network.maps.map((rows, place) => grid(rows, value => `rgb(${value} ${value} ${value})`, { label: say("learn.feature_alt", { number: place + 1 }) }));
    return [make("p", { class: "caption" }, title), make("div", { class: "row" }, ...maps)];
  });
}

function stepsList(found, { kinds, names, image }) {
  const [height, width] = found.size, maps = Object.entries(found.maps);
  const places = maps[0][1].length * maps[0][1][0].length;
  const drawn = maps.map(([name, rows]) => figure(grid(rows, votes(found.strongest), { behind: image, label: say("learn.place_map_alt", { name: names[name] }) }), names[name]));
  const rows = found.rows.map(row => ({ ...row, cells: [row.name, plus(row.sum), plus(row.bias), plus(row.lead)] }));
  const shares = found.rows.map(row => ({ ...row, cells: [row.name, row.raw, row.calibrated] }));
  const axis = make("div");
  axis.innerHTML = found.axis; // drawn by the server from numbers alone
  const contents = [
    [image],
    featureMaps(found, kinds),
    [make("div", { class: "row" }, ...drawn)],
    [table(["", ...["places", "fixed", "points"].map(name => say(`learn.pooled_${name}`))], rows)],
    [table(["", say("learn.shares_softmax"), say("learn.shares_calibrated")], shares)],
    [make("p", { class: `big ${found.suspicious ? "suspicious" : ""}` }, found.score), axis],
  ];
  const values = { ...found, height, width, places, count: found.networks.length, temperature: decimals(found.temperature, 2) };
  const variants = { 4: found.shifted ? "shifted" : "text", 5: found.suspicious ? "text_above" : "text_below" };
  return make("ol", { class: "steps" }, ...contents.map((content, number) =>
    make("li", {},
      make("p", { class: "step", "aria-hidden": "true" }, String(number + 1)),
      make("h3", {}, say(`learn.step_${number}`, values)),
      ...content,
      make("p", { class: "small" }, say(`learn.step_${number}_${variants[number] ?? "text"}`, values)))));
}

async function showSteps(place, found, start) {
  const notice = found.error ?? (found.gate === "refuse" ? `${say("common.refused")}. ${found.note} ${say("learn.no_figures")}` : found.note);
  const parts = notice ? [make("p", { class: "warning", role: "alert" }, notice)] : [];
  if (found.input) {
    const image = make("img", { class: "input", src: found.input, alt: say("learn.input_alt") });
    await image.decode();
    parts.push(stepsList(found, { kinds: start.networks, names: start.names, image }));
  }
  place.replaceChildren(...parts);
}
