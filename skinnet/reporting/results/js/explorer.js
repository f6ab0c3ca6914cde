// The operating-point explorer of the Results tab: every move is computed here, from the scores of the test lesions.

const root = element.querySelector(".explorer");
const find = name => root.querySelector(name);
const SPOKEN_AFTER = 500; // milliseconds after the last move
const { texts, thresholds, prevalences } = props.value;
const sets = props.value.sets.map(prepare);
const own = set => set.sick / (set.sick + set.well);
const chosen = { set: sets[0], threshold: thresholds[0].threshold, prevalence: own(sets[0]), ownShare: true };
const threshold = find("#explorer-threshold"), prevalence = find("#explorer-prevalence");
const PLOT = { left: 44, top: 26, width: 376, height: 240 };
const AXIS = { low: -7.5, high: 5.5, bins: 52, ticks: [0.001, 0.01, 0.1, 0.5, 0.9, 0.99] };
const FIGURES = ["sensitivity", "specificity", "ppv", "npv", "flaggedPerFound"];
let speech = 0;

const say = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]).replaceAll(" %", "\u00a0%");
const decimals = (value, places) =>
  value.toLocaleString(texts.locale, { minimumFractionDigits: places, maximumFractionDigits: places });

// Percent: whole numbers in the middle, decimals near the ends; an interval has the decimals of its value.
function digits(share) {
  if (share >= 0.1 && share <= 0.9) return 0;
  return share < 0.0095 || share > 0.9905 ? 2 : 1;
}

function percent(share, places = digits(share)) {
  return decimals(100 * share, share === 0 || share === 1 ? 0 : places);
}

const percentSaid = (share, places) => say("percent", { number: percent(share, places) });

function figure(name, share) {
  if (share.value === null) return [say("undefined"), say("undefined_here")];
  const count = name === "flaggedPerFound";
  const number = each => count ? decimals(each, 1) : percent(each, digits(share.value));
  const known = share.low !== null && share.high !== null;
  const range = known ? say("range", { low: number(share.low), high: number(share.high) }) : say("no_interval");
  return [count ? number(share.value) : percentSaid(share.value), range];
}

function sentence({ sick, found, missed, alarms }, sensitivity) {
  const misses = say(missed || sensitivity === 1 ? "misses" : "misses_few", { missed });
  return say("sentence", { sick, found, misses, alarms, benign: 1000 - sick });
}

// One path for each kind of dot, in rows from the top: found, missed, alarms, left alone.
function drawIcons({ found, missed, alarms, left }) {
  const columns = root.clientWidth < 560 ? 25 : 40, rows = Math.ceil(1000 / columns);
  const kinds = [["found", found, 3.8], ["missed", missed, 3.2], ["alarm", alarms, 3.8], ["left", left, 1]];
  let place = 0;
  const paths = kinds.map(([kind, count, r]) => {
    let path = "";
    for (const end = place + count; place < end; place++)
      path += `M${10 * (place % columns) + 5 - r} ${10 * Math.floor(place / columns) + 5}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
    return `<path class="${kind}" d="${path}"/>`;
  });
  const icons = find(".icons");
  icons.setAttribute("viewBox", `0 0 ${10 * columns} ${10 * rows}`);
  icons.innerHTML = paths.join("");
}

const across = share => PLOT.left + PLOT.width * share, up = share => PLOT.top + PLOT.height * (1 - share);

function drawCurve() {
  const { found, scores, sick, well } = chosen.set;
  const corners = scores.map((score, at) => score === scores[at + 1] ? "" : `L${across((at + 1 - found[at + 1]) / well).toFixed(1)} ${up(found[at + 1] / sick).toFixed(1)}`);
  const ticks = [0, 25, 50, 75, 100].map(tick =>
    `<line class="grid" x1="${across(0)}" x2="${across(1)}" y1="${up(tick / 100)}" y2="${up(tick / 100)}"/>
    <text x="${across(0) - 6}" y="${up(tick / 100) + 4}" text-anchor="end">${tick}</text><text x="${across(tick / 100)}" y="${up(0) + 18}" text-anchor="middle">${tick}</text>`);
  find(".roc").innerHTML = `${ticks.join("")}<line class="guessing" x1="${across(0)}" y1="${up(0)}" x2="${across(1)}" y2="${up(1)}"/>
    <path class="curve" d="M${across(0)} ${up(0)}${corners.join("")}"/><line class="drop"/><circle class="point" r="6"/>
    <text x="${across(0.5)}" y="${up(0) + 40}" text-anchor="middle">${say("roc_across")}</text>
    <text x="0" y="12">${say("roc_up")}</text>`;
}

const along = share => across(Math.min(Math.max((logit(share) - AXIS.low) / (AXIS.high - AXIS.low), 0), 1));

// Counts of malignant lesions upwards and of benign ones downwards, each to its own scale, on one axis of log-odds.
function drawSpread() {
  const { scores, malignant } = chosen.set, size = PLOT.width / AXIS.bins, middle = PLOT.top + PLOT.height / 2;
  const bins = [Array(AXIS.bins).fill(0), Array(AXIS.bins).fill(0)];
  scores.forEach((score, at) => {
    const bin = Math.floor((along(score) - PLOT.left) / size);
    bins[malignant[at]][Math.min(bin, AXIS.bins - 1)]++;
  });
  const bars = bins.map((counts, kind) => {
    const scale = (kind ? -1 : 1) * (PLOT.height / 2 - 6) / Math.max(1, ...counts);
    const path = counts.map((count, bin) => `M${(PLOT.left + bin * size).toFixed(1)} ${middle}v${(scale * count).toFixed(1)}h${(size - 1).toFixed(1)}V${middle}z`);
    return `<path class="${kind ? "found" : "alarm"}" d="${path.join("")}"/>`;
  });
  const ticks = AXIS.ticks.map(tick => `<text x="${along(tick)}" y="${up(0) + 18}" text-anchor="middle">${percentSaid(tick, tick < 0.01 ? 1 : 0)}</text>`);
  find(".spread").innerHTML = `${bars.join("")}<line class="grid" x1="${across(0)}" x2="${across(1)}" y1="${middle}" y2="${middle}"/>${ticks.join("")}
    <line class="threshold" y1="${PLOT.top - 8}" y2="${up(0)}"/><text class="name" y="12" text-anchor="middle">${say("threshold")}</text>
    <text x="0" y="${PLOT.top + 22}">${say("malignant")}</text><text x="0" y="${up(0) - 12}">${say("benign")}</text>
    <text x="${across(0.5)}" y="${up(0) + 40}" text-anchor="middle">${say("score")}</text>`;
}

function mark({ sensitivity, specificity }) {
  const x = across(1 - specificity.value), y = up(sensitivity.value), line = along(chosen.threshold);
  const set = (name, values) => Object.entries(values).forEach(([key, value]) => find(name).setAttribute(key, value));
  set(".roc .point", { cx: x, cy: y });
  set(".roc .drop", { x1: x, x2: x, y1: y, y2: up(0) });
  set(".spread .threshold", { x1: line, x2: line });
  set(".spread .name", { x: Math.min(Math.max(line, 36), 404) });
  const { title } = chosen.set;
  const [at, malignant, benign] = [chosen.threshold, sensitivity.value, 1 - specificity.value].map(share => percentSaid(share));
  find(".spread").setAttribute("aria-label", say("spread_alt", { title }));
  find(".roc").setAttribute("aria-label", say("roc_alt", { title, threshold: at, malignant, benign }));
}

function pressed(place, is) {
  find(place).querySelectorAll("button").forEach((button, number) => button.setAttribute("aria-pressed", is(number)));
}

function redraw() {
  const found = operate(chosen.set, chosen.threshold, chosen.prevalence);
  const words = sentence(found.counts, found.sensitivity.value);
  find(".sentence").textContent = words;
  drawIcons(found.counts);
  find(".icons").setAttribute("aria-label", words);
  for (const name of ["found", "missed", "alarms", "left"]) find(`[data-count=${name}]`).textContent = found.counts[name];
  for (const [slider, share] of [[threshold, chosen.threshold], [prevalence, chosen.prevalence]]) {
    const shown = percentSaid(share);
    slider.setAttribute("aria-valuetext", shown);
    find(`output.${slider.id.split("-")[1]}`).textContent = shown;
  }
  for (const name of FIGURES) {
    const [value, interval] = figure(name, found[name]);
    find(`[data-value=${name}]`).textContent = value;
    find(`[data-interval=${name}]`).textContent = say(`of_${name}`, { interval });
  }
  pressed(".thresholds", number => thresholds[number].threshold === chosen.threshold);
  pressed(".prevalences", number => number === 0 ? chosen.ownShare : !chosen.ownShare && prevalences[number - 1].share === chosen.prevalence);
  mark(found);
  clearTimeout(speech);
  speech = setTimeout(() => { find("[aria-live]").textContent = words; }, SPOKEN_AFTER);
}

function choose(change) {
  Object.assign(chosen, change);
  if (chosen.ownShare) chosen.prevalence = own(chosen.set);
  if (!("slid" in change)) [threshold.value, prevalence.value] = [logit(chosen.threshold), logit(chosen.prevalence)];
  if ("set" in change) [drawCurve, drawSpread].forEach(draw => draw());
  redraw();
}

function button(words, change) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = words;
  made.addEventListener("click", () => choose(change));
  return made;
}

function fill() {
  find(".sets").append(...sets.map((set, number) => {
    const label = document.createElement("label"), input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "explorer-set", checked: number === 0 });
    input.addEventListener("change", () => choose({ set }));
    label.append(input, ` ${say("set", { title: set.title, sick: set.sick, all: decimals(set.sick + set.well, 0) })}`);
    return label;
  }));
  find(".thresholds").append(...thresholds.map((point, number) =>
    button(say(number ? "fitted_threshold" : "own_threshold", { threshold: percentSaid(point.threshold), target: percentSaid(point.target) }), { threshold: point.threshold })));
  find(".prevalences").append(button(say("own_share"), { ownShare: true }), ...prevalences.map(({ name, share }) =>
    button(say("share", { place: `${name[0].toUpperCase()}${name.slice(1)}`, share: percentSaid(share, 0) }), { prevalence: share, ownShare: false })));
  find(".figures").innerHTML = FIGURES.map(name =>
    `<div><dt>${say(name)}</dt><dd class="value" data-value="${name}"></dd><dd class="small" data-interval="${name}"></dd></div>`).join("");
}

fill();
threshold.addEventListener("input", () => choose({ threshold: logistic(Number(threshold.value)), slid: true }));
prevalence.addEventListener("input", () => choose({ prevalence: logistic(Number(prevalence.value)), ownShare: false, slid: true }));
addEventListener("resize", redraw);
choose({ set: sets[0] });
