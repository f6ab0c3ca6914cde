// The Learn tab: a quiz that runs in the browser, and below it a photo to take apart and to stress.
// The address names the set, as #learn/K7Q4/6; the answers stay in this browser's storage.

const root = element.querySelector(".learn"), place = root.querySelector(".place");
const start = props.value;
const asked = { quiz: 0, steps: 0, stress: 0 };
const game = { set: null, answers: [], shown: false, wanted: null };

function ask(kind, data) {
  trigger(kind, { ...data, id: ++asked[kind] });
}

// Shows a page, and gives its heading the focus, so that a screen reader begins there.
function page(parts, { playing = true, focus = true } = {}) {
  root.classList.toggle("playing", playing);
  place.replaceChildren(...parts.flat());
  if (!focus) return;
  place.querySelector("h1")?.focus({ preventScroll: true });
  root.scrollIntoView({ block: "start" });
}

function startPage({ problem = "", focus = true } = {}) {
  game.set = game.wanted = null;
  const kept = keptProgress(start), named = setInAddress(location.hash, start);
  const unfinished = kept && (kept.answers.length < kept.size || kept.answers.some(each => typeof each.final !== "boolean"));
  const seed = make("input", { type: "text", id: "seed", value: (named || {}).seed ?? newSeed(start.signs), maxLength: 4, autocomplete: "off", spellcheck: false, "aria-describedby": "seed-hint" });
  const notice = make("p", { class: "warning", role: "alert", hidden: !problem }, problem);
  const form = make("form", { class: "panel start", onsubmit: event => {
    event.preventDefault();
    const wanted = chosen();
    if (wanted) return openSet(wanted);
    notice.hidden = false;
    notice.textContent = say("learn.no_set");
  } },
    make("fieldset", { class: "lengths" }, make("legend", {}, say("learn.length")),
      ...start.sizes.map(size => make("label", { class: "choice" },
        make("input", { type: "radio", name: "size", value: String(size), checked: size === ((named || {}).size ?? 12) }), make("span", {}, String(size))))),
    make("div", { class: "seed" }, make("label", { htmlFor: "seed" }, say("learn.seed")), seed, make("p", { class: "caption", id: "seed-hint" }, say("learn.seed_hint"))),
    make("div", { class: "actions" }, make("button", { type: "submit", class: "primary begin" }, say("learn.begin")), largeButton(),
      unfinished ? make("button", { type: "button", class: "resume", onclick: () => openSet(kept) }, say("learn.resume", { seed: kept.seed, done: kept.answers.length, size: kept.size })) : null),
    notice);
  const quiz = start.missing ? make("p", { class: "warning" }, say("learn.no_quiz")) : form;
  const chosen = () => setInAddress(`#learn/${seed.value.trim().toUpperCase()}/${new FormData(form).get("size")}`, start);
  const shared = make("div", {});
  let linked = "";
  const share = () => {
    const wanted = chosen(), name = wanted ? `${wanted.seed}/${wanted.size}` : "";
    if (name !== linked) shared.replaceChildren(...(wanted ? [classPanel(wanted, start.malignant)] : []));
    linked = name;
  };
  form.addEventListener("input", share);
  if (!start.missing) share();
  page([
    make("h1", { tabIndex: -1 }, say("learn.title")), make("p", { class: "lead" }, say("learn.lead")), quiz,
    make("ul", { class: "facts small" }, ...["half", "wrong", "archive", "private"].map(fact => make("li", {}, say(`learn.fact_${fact}`, start.deck)))),
    make("p", { class: "caption" }, say("learn.source", { credit: say("common.credit"), all: start.deck.all, left: start.deck.all - start.deck.cards })),
    shared,
  ], { playing: false, focus });
}

function openSet({ seed, size }) {
  if (start.missing) return startPage();
  game.wanted = { seed, size };
  page([make("h1", { tabIndex: -1 }, say("learn.loading"))]);
  ask("quiz", { seed, size });
}

function receiveSet(found) {
  if (found.error) return startPage({ problem: found.error });
  const kept = keptProgress(start);
  game.set = found;
  game.answers = kept?.seed === found.seed && kept.size === found.size ? kept.answers : [];
  history.replaceState(null, "", `${location.pathname}${location.search}#learn/${found.seed}/${found.size}`);
  goOn();
}

function keep() {
  keepProgress({ version: start.version, seed: game.set.seed, size: game.set.size, answers: game.answers });
}

function leave() {
  history.replaceState(null, "", `${location.pathname}${location.search}#learn`);
  startPage();
}

// The page that the answers so far lead to.
function goOn() {
  const { set, answers } = game, last = answers.length - 1;
  const number = last >= 0 && answers[last].final === undefined ? last : last + 1;
  if (number === set.size) return finish();
  const shared = { number, size: set.size, leave }, card = set.cases[number];
  if (number === last) return page(verdictPage(card, { ...shared, said: answers[last], decide: final => decide(final, shared, card) }));
  return page(questionPage(card, { ...shared, answer: said => {
    answers.push(said);
    keep();
    goOn();
  } }));
}

function decide(final, shared, card) {
  const said = { ...game.answers.pop(), final };
  game.answers.push(said);
  keep();
  page(truthPage(card, { ...shared, said, next: goOn }));
}

function finish() {
  const { seed, size } = game.set;
  page(endPage(game.set, game.answers, {
    again: () => {
      game.answers = [];
      keep();
      openSet({ seed, size });
    },
    other: () => openSet({ seed: newSeed(start.signs), size }),
    look: card => {
      below.choose({ case: card.name }, { src: card.photo, title: say("learn.quiz_case") });
      below.open();
      root.querySelector(".how h2").focus();
    },
    large: largeButton(),
    malignant: start.malignant,
  }), { playing: false });
}

// For a class: larger type, and a photo as large as the window allows.
function largeButton() {
  const name = () => say(root.classList.contains("enlarged") ? "learn.small" : "learn.large");
  const button = make("button", { type: "button", class: "large", onclick: () => {
    root.classList.toggle("enlarged");
    button.textContent = name();
  } }, name());
  return button;
}

function receive(found) {
  if (!found || found.id !== asked[found.kind]) return;
  if (found.kind === "quiz") receiveSet(found);
  else below.receive(found);
}

const below = bench(start, { ask, send: upload });
root.querySelector(".bench").append(...below.made);
addEventListener("keydown", event => root.offsetParent && pressed(event, place));
addEventListener("hashchange", () => {
  const named = setInAddress(location.hash, start);
  if (named === false) startPage({ problem: say("learn.no_set") });
  else if (named && (named.seed !== game.wanted?.seed || named.size !== game.wanted?.size)) openSet(named);
});
watch("value", () => receive(props.value));
const named = setInAddress(location.hash, start), kept = keptProgress(start);
if (named && kept?.seed === named.seed && kept.size === named.size && kept.answers.length) openSet(named);
else startPage({ problem: named === false ? say("learn.no_set") : "", focus: false });
let handed = null;
const takeOver = () => {
  if (!window.lastClassified || window.lastClassified === handed) return false;
  handed = window.lastClassified;
  below.hand(handed);
  return true;
};
if (!takeOver()) below.begin();
new IntersectionObserver(([seen]) => seen.isIntersecting && takeOver()).observe(root);
