// The Batch tab: takes files, has them classified one by one, and shows what came of it.
const FEW = 12;
const page = element.querySelector(".batch");
const state = { rows: [], running: false, stop: false, all: 0, filter: "all", order: "score", reversed: false, lesion: false, swapped: false, truth: null, check: null };

async function take(chosen) {
  const files = [...chosen];
  const table = files.find(isTable);
  const photos = files.filter(file => !isTable(file));
  if (state.running || !files.length) return;
  if (table) state.truth = table;
  const bytes = photos.reduce((sum, file) => sum + file.size, 0);
  if (bytes > start.limits.bytes || state.rows.length + photos.length > start.limits.photos) return tell(say("batch.too_much", start.limits), true);
  if (photos.length) await classify(photos);
  if (state.truth && state.rows.length) await compare();
}

async function classify(files) {
  Object.assign(state, { running: true, stop: false, all: state.rows.length + files.length });
  tell("");
  page.querySelector(".working").textContent = say("batch.sending");
  draw();
  const jobs = await jobsOf(files);
  const fits = jobs && state.rows.length + jobs.length <= start.limits.photos;
  if (fits) state.all = state.rows.length + jobs.length;
  const side = state.all <= FEW ? "large" : "small";
  let gone = !jobs;
  for (const job of fits ? jobs : []) {
    if (state.stop) break;
    page.querySelector(".working").textContent = say("batch.progress", { number: state.rows.length + 1, all: state.all });
    const data = await job.data();
    const answer = data.path === null ? { gone: true } : await ask("photo", { ...data, name: job.name, side });
    if ((gone = Boolean(answer.gone)) || !answer.row) break;
    state.rows.push({ ...answer.row, file: job.file });
    draw();
  }
  state.running = false;
  page.querySelector(".working").textContent = "";
  draw();
  page.querySelector("h1").focus();
  tell(gone ? say("batch.gone") : fits ? finished(state.rows.length, state.all) : say("batch.too_much", start.limits), gone || !fits);
}

const photos = count => say("batch.photos", { count });
const finished = (done, all) => say(done < all ? "batch.stopped" : "batch.finished", { done, photos: photos(all) });

async function compare() {
  const { truth } = state, count = state.rows.length;
  state.check = null;
  tell(say("batch.working"));
  const path = await sent(truth);
  const answer = path === null ? {} : await ask("check", { path, lines: state.rows.map(row => row.line) });
  if (state.truth !== truth || state.rows.length !== count) return; // another comparison is on its way, or none is wanted
  state.check = answer.check ?? answer.error ?? say("batch.gone");
  const truths = new Map(answer.check?.truths);
  for (const [place, row] of state.rows.entries()) Object.assign(row, { truth: truths.get(place), node: null });
  tell("");
  draw();
}

function tell(text, bad = false) {
  const status = page.querySelector(".status");
  status.textContent = text;
  status.classList.toggle("warning", bad);
}

function save() {
  const link = make("a", { download: "skinnet-batch.csv" });
  link.href = URL.createObjectURL(new Blob([start.header, ...state.rows.map(row => row.line)], { type: "text/csv" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Hand a photo to the tab Classify, as if it had been chosen there.
function open(row) {
  const chosen = new DataTransfer(), library = document.querySelector(".viewer .library");
  chosen.items.add(row.file);
  library.files = chosen.files;
  library.dispatchEvent(new Event("change"));
  location.hash = "classify";
}

function clear() {
  Object.assign(state, { rows: [], all: 0, filter: "all", truth: null, check: null, lesion: false, swapped: false });
  page.querySelector(".switch input").checked = false;
  tell("");
  draw();
}

const picker = (accept, multiple) =>
  make("input", { type: "file", accept, multiple, hidden: true, onchange: event => { take(event.target.files); event.target.value = ""; } });
const photoPicker = picker([...start.suffixes, ".zip", ".csv", "image/*"].join(","), true);
const tablePicker = picker(".csv,text/csv", false);
const button = (text, act, classes = "") => make("button", { type: "button", class: classes, onclick: act }, text);
const shown = (name, ...parts) => page.querySelector(`.${name}`).replaceChildren(...parts);

function draw() {
  const counts = countsOf(state.rows);
  const some = state.rows.length > 0;
  page.querySelector("h1").textContent = some ? photos(state.rows.length) : say("batch.title");
  page.querySelector(".lead").textContent = say(some ? "batch.order" : "batch.lead");
  page.querySelector(".drop").hidden = some || state.running;
  const actions = state.running
    ? [button(say("batch.stop"), () => { state.stop = true; stopWaiting(); })]
    : some
      ? [button(say("batch.add"), () => photoPicker.click(), "primary"), button(say("batch.save"), save), button(say("batch.add_table"), () => tablePicker.click()), button(say("batch.clear"), clear)]
      : [];
  shown("actions", ...actions);
  const bar = page.querySelector("progress");
  bar.hidden = !state.running;
  Object.assign(bar, { max: Math.max(1, state.all), value: state.rows.length });
  page.querySelector(".found").hidden = !some;
  if (!some) return shown("results");
  shown("counts", ...countTiles(counts));
  shown("chips", ...filterChips(counts, state.filter, name => { state.filter = name; draw(); page.querySelector('[aria-pressed="true"]').focus(); }));
  drawTable();
  drawPanels();
}

function drawTable() {
  const choose = name => {
    state.reversed = state.order === name && !state.reversed;
    state.order = name;
    drawTable();
    page.querySelector(`[data-order=${name}]`).focus();
  };
  const known = state.rows.some(row => row.truth);
  if (!known && state.order === "truth") Object.assign(state, { order: "score", reversed: false });
  shown("header", ...headerCells(state.order, state.reversed, choose, known));
  const rows = sorted(state.rows, state.order, state.reversed).filter(row => ["all", kind(row)].includes(state.filter));
  shown("rows", ...rows.map(row => (row.node ??= tableRow(row, start, open, known))));
}

function drawPanels() {
  const swap = () => { state.swapped = !state.swapped; drawPanels(); };
  const lesion = state.lesion ? [lesionPanel(state.rows, start, state.swapped, swap)] : [];
  shown("results", ...lesion, ...(state.check === null ? [] : [checkPanel(state.check)]));
}

function build() {
  const zone = make("div", { class: "drop" },
    make("p", { class: "call" }, say("batch.drop")),
    button(say("batch.choose"), () => photoPicker.click(), "primary"),
    make("p", { class: "small" }, say("batch.takes", start.limits)),
    make("h2", {}, say("batch.own_check")), make("p", { class: "small" }, say("batch.own_check_lead")));
  const one = make("input", { type: "checkbox", onchange: event => { state.lesion = event.target.checked; drawPanels(); } });
  page.replaceChildren(
    make("div", { class: "top" },
      make("div", {}, make("h1", { tabIndex: -1 }), make("p", { class: "lead" })), make("div", { class: "actions" })),
    make("div", { class: "progress" }, make("progress", { hidden: true, "aria-label": say("batch.bar") }), make("span", { class: "working small" })),
    make("p", { class: "status", role: "status" }), zone, photoPicker, tablePicker,
    make("div", { class: "found", hidden: true },
      make("ul", { class: "counts" }),
      make("div", { class: "tools" },
        make("div", { class: "chips", role: "group", "aria-label": say("batch.filter_name") }),
        make("label", { class: "switch" }, one, say("batch.one_lesion"))),
      make("div", { class: "results", "aria-live": "polite" }),
      make("div", { class: "scroll" },
        make("table", { role: "table", "aria-label": say("batch.table_name") },
          make("thead", { role: "rowgroup" }, make("tr", { class: "header", role: "row" })),
          make("tbody", { class: "rows", role: "rowgroup" }))),
      make("p", { class: "caption" }, say("batch.threshold", { threshold: start.thresholdWords }), " ", say("batch.opens")),
      make("p", { class: "caption" }, say("common.disclaimer"))));
  page.addEventListener("dragover", event => { event.preventDefault(); zone.classList.add("over"); });
  page.addEventListener("dragleave", () => zone.classList.remove("over"));
  page.addEventListener("drop", event => { event.preventDefault(); zone.classList.remove("over"); take(event.dataTransfer.files); });
  draw();
}

build();
