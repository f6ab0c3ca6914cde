// The Classify tab: takes a photo in, shows it at once, asks for its verdict, and draws the evidence over it.
// A new photo clears the verdict at once, and an answer to an older photo is ignored.

const root = element.querySelector(".viewer");
const find = name => root.querySelector(name);
const canvas = find("canvas.photo"), LONGEST = 1280;
const view = { picture: null, answer: null, chosen: null, prevalence: null, kind: "outline", strength: 0.7, hidden: false, asked: 0 };

function redraw() {
  if (!view.picture) return;
  const scale = LONGEST / Math.max(view.picture.width, view.picture.height); // small photos, too: the lines stay sharp
  [canvas.width, canvas.height] = [view.picture.width, view.picture.height].map(side => Math.max(1, Math.round(side * scale)));
  canvas.getContext("2d").drawImage(view.picture, 0, 0, canvas.width, canvas.height);
  const { answer } = view;
  if (answer?.state === "classified" && !view.hidden && find(".cropping").hidden) {
    const map = answer.maps[answer.numbers[view.chosen]];
    drawEvidence(canvas, map, { scale: strongest(answer.maps), view: view.kind, strength: view.strength });
  }
  drawFrame();
  const name = answer?.names?.[view.chosen];
  canvas.setAttribute("aria-label", name && view.kind !== "photo" ? say("classify.map_alt", { name }) : say("classify.photo_alt"));
}

function showState(state) {
  root.dataset.state = state;
  const shown = Boolean(view.picture), mapped = shown && state === "classified";
  find(".drop").hidden = shown;
  canvas.hidden = !shown;
  find(".busy").hidden = state !== "busy";
  for (const name of [".controls", ".map-note"]) find(name).hidden = !mapped;
  find(".tools").hidden = !shown || state === "busy";
  find(".all").hidden = !mapped;
  for (const name of [".start-over", ".actions"]) find(name).hidden = ["empty", "busy"].includes(state);
  find(".report").hidden = find(".save").hidden = !mapped;
  find(".small-maps").hidden = true;
}

function begin(picture) {
  view.picture = picture;
  view.answer = null;
  find(".answer").replaceChildren();
  find(".ledger-place").replaceChildren();
  showState("busy");
  redraw();
}

function fail(words) {
  const heading = document.createElement("h1"), sentence = document.createElement("p");
  heading.textContent = say("classify.unreadable");
  sentence.textContent = words;
  sentence.className = "lead";
  sentence.setAttribute("role", "alert");
  view.picture = view.answer = null;
  find(".answer").replaceChildren(heading, sentence);
  find(".ledger-place").replaceChildren();
  showState("unreadable");
}

async function take(file) {
  const id = ++view.asked;
  if (file.size > first.limit.bytes) return fail(first.limit.words);
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (id !== view.asked) return;
  begin(picture);
  view.source = { file };
  try {
    const { path } = await upload(file);
    if (id === view.asked) trigger("photo", { path, id });
  } catch {
    if (id === view.asked) fail(say("classify.not_sent"));
  }
}

async function receive(answer) {
  if (!answer || (answer.id && answer.id !== view.asked)) return;
  if (answer.state === "empty") {
    view.picture = view.answer = null;
    find(".answer").innerHTML = answer.html;
    find(".ledger-place").replaceChildren();
    return showState("empty");
  }
  if (answer.photo && (!view.picture || answer.state !== "unreadable")) {
    const image = new Image();
    image.src = answer.photo;
    await image.decode();
    if (answer.id && answer.id !== view.asked) return;
    if (!view.picture || view.picture.width / view.picture.height !== image.width / image.height) view.picture = image;
  }
  if (answer.state === "unreadable") view.picture = null;
  view.answer = answer;
  view.chosen = answer.chosen;
  if (answer.photo) window.lastClassified = { ...view.source, src: answer.photo }; // for the Learn tab, in this page's memory only
  find(".answer").innerHTML = answer.html;
  const picked = view.prevalence && find(`#${view.prevalence}`);
  if (picked) picked.checked = true; // the place stays the same from photo to photo
  find(".ledger-place").innerHTML = answer.state === "classified" ? answer.ledger : "";
  showState(answer.state);
  redraw();
  const heading = find(".answer h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

function showAll() {
  const place = find(".small-maps");
  place.hidden = !place.hidden;
  if (place.hidden) return;
  place.replaceChildren(...Object.entries(view.answer.names).map(([name, title]) => {
    const figure = document.createElement("figure"), small = document.createElement("canvas"), caption = document.createElement("figcaption");
    [small.width, small.height] = [300, Math.round(300 * canvas.height / canvas.width)];
    small.getContext("2d").drawImage(view.picture, 0, 0, small.width, small.height);
    drawEvidence(small, view.answer.maps[view.answer.numbers[name]], { scale: strongest(view.answer.maps), view: "outline", strength: 1 });
    small.setAttribute("role", "img");
    small.setAttribute("aria-label", say("classify.small_alt", { name: title }));
    caption.textContent = title;
    figure.append(small, caption);
    return figure;
  }));
}

function summary() {
  const words = [find(".answer h1")?.textContent, find("p.score")?.textContent].filter(Boolean).join(". ").trim();
  return [words, say("classify.saved_line", { name: view.answer.names[view.chosen], date: today() })];
}

const drawFrame = listenForCrops(root, { picture: () => view.picture, redraw, take });
listenForPhotos(root, take);
root.addEventListener("click", event => {
  const place = event.target.closest("[data-case]");
  if (!place) return;
  const id = ++view.asked;
  begin(null);
  view.source = { case: place.dataset.case };
  trigger("case", { case: place.dataset.case, id });
});
root.addEventListener("input", event => {
  const { name, value, id } = event.target;
  if (name === "diagnosis") view.chosen = value;
  else if (name === "view") view.kind = value;
  else if (name === "prevalence") view.prevalence = id;
  else if (event.target.matches(".strength input")) view.strength = value / 100;
  else return;
  redraw();
});
for (const [type, hide] of [["keydown", true], ["keyup", false]])
  addEventListener(type, event => {
    if (event.key.toLowerCase() !== "h" || event.target.matches?.("input[type=text], textarea") || event.ctrlKey || event.metaKey) return;
    view.hidden = hide;
    redraw();
  });
find(".all").addEventListener("click", showAll);
find(".save").addEventListener("click", () => savePicture(canvas, summary()));
find(".report").addEventListener("click", () => print());
addEventListener("beforeprint", () => {
  if (!view.picture) return;
  const plain = find("canvas.plain"); // the report has the photo beside its map
  [plain.width, plain.height] = [canvas.width, canvas.height];
  plain.getContext("2d").drawImage(view.picture, 0, 0, plain.width, plain.height);
});
for (const another of root.querySelectorAll(".another"))
  another.addEventListener("click", () => {
    view.asked++;
    receive({ ...first, id: view.asked });
    find(".choose").focus({ preventScroll: true });
    scrollTo(0, 0);
  });
find(".today").textContent = today();
if (["localhost", "127.0.0.1"].includes(location.hostname)) find(".privacy").textContent = say("classify.kept_here");
const first = props.value;
watch("value", () => receive(props.value));
receive(first);
