// The counts, the filters and the table of a batch. Texts from outside reach the page by textContent only.
const FIGURES = ["suspicious", "below"];
const STATES = ["suspicious", "below", "warn", "refuse", "unreadable"];
const KINDS = ["suspicious", "below", "warn", "none"];
const COLUMNS = ["picture", "name", "state", "score", "likeliest"];
const ICONS = {
  suspicious: '<path d="M10 2 19 18H1Z" fill="var(--violet)"/>',
  below: '<path d="M10 3.5 17.5 17H2.5Z" fill="none" stroke="var(--ink)" stroke-width="2"/>',
  warn: '<circle cx="10" cy="10" r="9" fill="var(--amber-mark)"/><path d="M10 5v6M10 13.5v2" stroke="var(--panel)" stroke-width="2.4"/>',
  none: '<rect x="2" y="2" width="16" height="16" rx="3" fill="none" stroke="var(--ink)" stroke-width="1.8"/><path d="M4 12 12 4M5 17 17 5M11 17 17 11" stroke="var(--ink)" stroke-width="1.2"/>',
};

const kind = row => (["refuse", "unreadable"].includes(row.state) ? "none" : row.state);
const hasFigures = row => FIGURES.includes(row.state);

function icon(name) {
  const drawn = make("span", { class: "icon", "aria-hidden": "true" });
  drawn.innerHTML = `<svg viewBox="0 0 20 20" width="20" height="20">${ICONS[name]}</svg>`;
  return drawn;
}

const logit = p => Math.log(p / (1 - p));
const LEFT = logit(0.001);
const RIGHT = logit(0.99);
const place = p => 100 * Math.min(1, Math.max(0, (logit(Math.min(Math.max(p, 1e-9), 1 - 1e-9)) - LEFT) / (RIGHT - LEFT)));

// The score on a scale of log odds: the part above the threshold is tinted, the thick line is the range.
function axis(rows, threshold, label) {
  const drawn = make("div", { class: "axis", role: "img", "aria-label": label });
  drawn.style.setProperty("--threshold", `${place(threshold)}%`);
  for (const row of rows) {
    const range = make("i", { class: "range" });
    range.style.left = `${place(row.low)}%`;
    range.style.width = `${place(row.high) - place(row.low)}%`;
    const dot = make("i", { class: `dot ${row.state}` });
    dot.style.left = `${place(row.score)}%`;
    drawn.append(range, dot);
  }
  return drawn;
}

function picture(row) {
  if (!row.picture) return make("span", { class: "no-picture" });
  return make("img", { src: row.picture, alt: say("batch.picture", { name: row.name }) });
}

const STATE_TEXTS = { suspicious: "common.suspicious", below: "common.below", warn: "common.warned", refuse: "common.refused", unreadable: "batch.state_unreadable" };
const stateName = state => say(STATE_TEXTS[state]);

function verdictCell(row, threshold) {
  const between = hasFigures(row) && row.low < threshold && row.high >= threshold;
  return make("td", { class: "state", role: "cell" },
    icon(kind(row)), make("strong", {}, stateName(row.state)),
    between ? make("span", { class: "caption" }, ` ${say("batch.borderline")}`) : null);
}

function figureCells(row, start) {
  if (!hasFigures(row)) {
    const reason = row.state === "warn" ? `${row.reason} ${say("batch.no_figures")}` : row.reason;
    return [make("td", { class: "reason", colSpan: 2, role: "cell" }, reason)];
  }
  const others = row.possible.map(name => start.inSentence[name]);
  return [
    make("td", { class: "score", role: "cell" },
      axis([row], start.threshold, say("batch.axis", { score: row.words, range: row.range, threshold: start.thresholdWords })), make("b", {}, row.words)),
    make("td", { class: "likeliest", role: "cell" }, start.names[row.likeliest], " ",
      others.length ? make("span", { class: "small" }, say("batch.not_excluded", { names: others.join(", ") })) : null),
  ];
}

// The name opens the photo in the tab Classify, where the browser has its file and it can be read.
function nameCell(row, open) {
  if (!row.file || row.state === "unreadable") return make("td", { class: "name", role: "cell" }, row.name);
  const opens = { type: "button", class: "link", onclick: () => open(row), "aria-label": say("batch.open", { name: row.name }) };
  return make("td", { class: "name", role: "cell" }, make("button", opens, row.name));
}

// The reader's own diagnosis of a photo.
function truthCell({ truth }) {
  const label = truth ? say("batch.column_truth") : "";
  return make("td", { class: `truth ${truth?.malignant ? "malignant" : ""}`, "data-label": label, role: "cell" }, truth?.text ?? "");
}

function tableRow(row, start, open, known) {
  return make("tr", { role: "row" },
    make("td", { class: "picture", role: "cell" }, picture(row)),
    nameCell(row, open), verdictCell(row, start.threshold), ...figureCells(row, start), known ? truthCell(row) : null);
}

const rank = row => row.truth?.malignant ?? -1;
const ORDERS = {
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  state: (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || (b.score ?? 0) - (a.score ?? 0),
  score: (a, b) => b.score - a.score,
  truth: (a, b) => rank(b) - rank(a) || (a.truth?.text ?? "").localeCompare(b.truth?.text ?? "") || (b.score ?? 0) - (a.score ?? 0),
};

// Rows without figures come last, whatever the order.
function sorted(rows, order, reversed) {
  const inOrder = (a, b) => (reversed ? -1 : 1) * ORDERS[order](a, b);
  const others = rows.filter(row => !hasFigures(row)).sort(order === "score" ? ORDERS.state : inOrder);
  return [...rows.filter(hasFigures).sort(inOrder), ...others];
}

function countsOf(rows) {
  const counts = { all: rows.length, suspicious: 0, below: 0, warn: 0, none: 0 };
  for (const row of rows) counts[kind(row)] += 1;
  return counts;
}

function countTiles(counts) {
  return KINDS.map(name =>
    make("li", {}, icon(name), make("b", {}, String(counts[name])), make("span", { class: "small" }, say(`batch.count_${name}`))));
}

function filterChips(counts, chosen, choose) {
  return ["all", ...KINDS]
    .filter(name => name === "all" || counts[name])
    .map(name =>
      make("button", { type: "button", "aria-pressed": String(name === chosen), onclick: () => choose(name) },
        `${say(`batch.filter_${name}`)} ${counts[name]}`));
}

function headerCells(order, reversed, choose, known) {
  return [...COLUMNS, ...(known ? ["truth"] : [])].map(name => {
    const text = say(`batch.column_${name}`);
    if (!(name in ORDERS)) return make("th", { scope: "col", role: "columnheader" }, text);
    const direction = order === name ? ((name === "score") !== reversed ? "descending" : "ascending") : "none";
    return make("th", { scope: "col", role: "columnheader", "aria-sort": direction },
      make("button", { type: "button", "data-order": name, onclick: () => choose(name) }, text,
        name === "score" ? make("span", { class: "wide" }, say("batch.range")) : null));
  });
}
