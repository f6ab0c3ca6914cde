// The three pages of a photo in the quiz: the question, the network's verdict, the diagnosis.

const TRIANGLE = '<svg class="sign" viewBox="0 0 20 18" aria-hidden="true"><path d="M10 1 19 17H1Z"/></svg>';

function stateHeading(tag, text, kind) {
  const heading = make(tag, { class: `state ${kind}`, tabIndex: -1 });
  if (kind) heading.innerHTML = TRIANGLE;
  heading.append(text);
  return heading;
}

function progressLine(number, size, leave) {
  const dots = Array.from({ length: size }, (_, place) => make("i", { class: place < number ? "done" : "" }));
  return make("div", { class: "progress" },
    make("span", {}, say("learn.progress", { number: number + 1, size })),
    make("span", { class: "dots", "aria-hidden": "true" }, ...dots),
    make("button", { type: "button", class: "link", onclick: leave }, say("learn.leave")));
}

function choices(name, texts, chosen) {
  return texts.map((text, value) =>
    make("label", { class: "choice" },
      make("input", { type: "radio", name, value: String(value), onchange: () => chosen(value) }),
      make("span", {}, text)));
}

function questionPage(card, { number, size, leave, answer }) {
  const said = { first: null, sure: null };
  const ask = make("button", { type: "submit", class: "primary ask", disabled: true }, say("learn.ask"));
  const set = (field, value) => {
    said[field] = value;
    ask.disabled = said.first === null || said.sure === null;
  };
  const form = make("form", { class: "side", onsubmit: event => {
    event.preventDefault();
    if (!ask.disabled) answer({ first: said.first, sure: said.sure });
  } },
    make("h1", { tabIndex: -1 }, say("learn.question")),
    make("fieldset", { class: "pair" }, make("legend", { class: "hidden-text" }, say("learn.question")),
      ...choices("first", [say("learn.yes"), say("learn.no")], value => set("first", value === 0))),
    make("fieldset", { class: "sure" }, make("legend", {}, say("learn.how_sure")),
      ...choices("sure", [0, 1, 2].map(step => say(`learn.sure_${step}`)), value => set("sure", value))),
    ask,
    make("p", { class: "small" }, say("learn.note")),
    make("p", { class: "caption keys" }, say("learn.keys")));
  const photo = make("img", { class: "photo", src: card.photo, alt: say("learn.photo_alt", { number: number + 1, size }) });
  return [progressLine(number, size, leave), make("div", { class: "pages" }, photo, form)];
}

function evidencePicture(card) {
  const canvas = make("canvas", { class: "photo", role: "img", "aria-label": say("learn.map_alt") });
  const image = new Image();
  image.addEventListener("load", () => {
    const scale = 1024 / Math.max(image.width, image.height);
    [canvas.width, canvas.height] = [image.width, image.height].map(side => Math.round(side * scale));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    drawEvidence(canvas, card.evidence, { scale: card.strongest, view: "outline", strength: 0.9 });
    canvas.dataset.drawn = "yes";
  });
  image.src = card.photo;
  return canvas;
}

const answerName = examine => say(examine ? "learn.examine_it" : "learn.leave_it");
const yours = (examine, sure) => sure === null
  ? say("learn.yours", { answer: answerName(examine) })
  : say("learn.yours_sure", { answer: answerName(examine), sure: say(`learn.said_sure_${sure}`) });
const scoreSentence = card => say(card.suspicious ? "learn.score_above" : "learn.score_below", { score: card.words, threshold: card.threshold });

// The key of what the network did to the answer.
function outcome({ first, network, final }) {
  if (network) return ["no_help", "took_help", "changed_right", "both_right"][2 * first + final];
  return ["both_wrong", "in_time", "talked_out", "kept_right"][2 * first + final];
}

function verdictPage(card, { number, size, leave, said, decide }) {
  const kind = card.suspicious ? "suspicious" : "below";
  const button = examine =>
    make("button", { type: "button", class: examine ? "examine" : "leave", onclick: () => decide(examine) }, say(examine === said.first ? "learn.keep" : "learn.change", { answer: answerName(examine) }));
  const side = make("div", { class: "side" },
    stateHeading("h1", say(card.suspicious ? "learn.above" : "learn.below"), kind),
    make("p", { class: "lead" }, scoreSentence(card)),
    make("p", {}, yours(said.first, said.sure)),
    make("h2", {}, say("learn.keep_question")),
    make("div", { class: "pair" }, button(true), button(false)),
    make("p", { class: "caption" }, say("learn.map_note")));
  return [progressLine(number, size, leave), make("div", { class: "pages" }, evidencePicture(card), side)];
}

function truthPage(card, { number, size, leave, said, next }) {
  const right = rightness(card, said);
  const more = right.network ? null : make("p", {}, card.malignant ? say("learn.missed", { score: card.words }) : say("learn.alarm"));
  const side = make("div", { class: "side" },
    make("p", { class: "small over" }, say("learn.truth_label")),
    stateHeading("h1", say(`common.${card.dx}`), card.malignant ? "suspicious" : ""),
    make("p", { class: "lead" }, say(`learn.${outcome(right)}`)),
    more,
    make("p", { class: "small" }, `${scoreSentence(card)} ${yours(said.final, said.first === said.final ? said.sure : null)}`),
    make("button", { type: "button", class: "primary next", onclick: next }, number + 1 < size ? say("learn.next") : say("learn.see_end")));
  return [progressLine(number, size, leave), make("div", { class: "pages" }, evidencePicture(card), side)];
}

// Keys for whoever shows the quiz to a class; a text field and a focused button keep their own.
function pressed(event, place) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input[type=text], select, textarea")) return;
  const radio = { 1: "[name=first][value='0']", 2: "[name=first][value='1']", 3: "[name=sure][value='0']", 4: "[name=sure][value='1']", 5: "[name=sure][value='2']" }[event.key];
  const button = { 1: ".side button.examine", 2: ".side button.leave" }[event.key];
  if (event.key === "Enter" && !event.target.closest?.("button, a, input")) place.querySelector(".ask, .next")?.click();
  else place.querySelector(radio ?? "none")?.click() ?? place.querySelector(button ?? "none")?.click();
}
