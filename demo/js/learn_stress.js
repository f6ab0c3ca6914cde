// The stress test: sliders that change a photo on the server, and what the network then answers.

const PATIENCE = 60_000; // milliseconds until a lost answer is given up

// What a slider does at an amount, in words.
const signed = value => `${value < 0 ? "−" : "+"}${Math.abs(Math.round(value))}`;
const AMOUNTS = {
  light: value => ({ change: signed(100 * (value - 1)) }),
  tint: value => ({ change: signed(100 * value) }),
  blur: value => ({ pixels: value.toLocaleString(LOCALE) }),
  crop: value => ({ share: Math.round(100 / value) }),
  hair: value => ({ layers: value }),
};
const amount = (name, value) => say(`learn.${name}_amount`, AMOUNTS[name](value));

const neutral = sliders => Object.fromEntries(Object.entries(sliders).map(([name, slider]) => [name, slider.neutral]));

function sliderRow(name, slider, changed) {
  const input = make("input", { type: "range", id: `slider-${name}`, min: slider.low, max: slider.high, step: slider.step, value: slider.neutral });
  const tell = () => input.setAttribute("aria-valuetext", amount(name, Number(input.value)));
  tell();
  input.addEventListener("input", () => {
    tell();
    changed(name, Number(input.value));
  });
  return make("div", { class: "slider" },
    make("label", { htmlFor: input.id }, say(`learn.${name}`)), input,
    make("span", { class: "ends caption", "aria-hidden": "true" }, make("span", {}, say(`learn.${name}_low`)), make("span", {}, say(`learn.${name}_high`))));
}

// What the sliders did: the score before and after, and on which side of the threshold it lies now.
function changeSentence(found, before, amounts, sliders) {
  const list = Object.entries(amounts).filter(([name, value]) => value !== sliders[name].neutral).map(([name, value]) => amount(name, value)).join(", ");
  const asIs = before?.words ? say("learn.as_it_is", { score: before.words }) : "";
  if (!list) return asIs;
  if (!found.words) return `${asIs} ${say("learn.stress_refused", { list })}`;
  const side = `${before?.suspicious === found.suspicious ? "still" : "now"}_${found.suspicious ? "above" : "below"}`;
  return `${asIs} ${say(`learn.${side}`, { list, score: found.words, threshold: found.threshold })}`;
}

function stressAnswer(found, before, amounts, sliders) {
  if (found.error) return [make("p", { class: "warning" }, found.error)];
  if (found.gate === "refuse") return [
    make("h3", { class: "state" }, say("common.refused")),
    make("p", { class: "warning" }, make("strong", {}, found.note), ` ${say("learn.no_figures")}`),
    make("p", { class: "changed" }, changeSentence(found, before, amounts, sliders)),
  ];
  const axis = make("div");
  axis.innerHTML = found.axis; // drawn by the server from numbers alone
  return [
    stateHeading("h3", say(found.suspicious ? "common.suspicious" : "common.below"), found.suspicious ? "suspicious" : "below"),
    axis,
    make("p", { class: "changed" }, changeSentence(found, before, amounts, sliders)),
    found.note ? make("p", { class: "warning" }, make("strong", {}, `${say("common.warned")}.`), ` ${found.note}`) : null,
    make("p", { class: "caption" }, say("learn.notice")),
  ].filter(Boolean);
}

function picker(pictures, { choose, own }) {
  const file = make("input", { type: "file", class: "hidden-text own", accept: "image/*,.tif,.tiff", "aria-label": say("learn.own"), tabIndex: -1, onchange: () => {
    if (file.files.length) own(file.files[0]);
    file.value = "";
  } });
  const cases = Object.entries(pictures).map(([name, src], number) =>
    make("button", { type: "button", class: "case", "data-name": name, "aria-pressed": "false", onclick: () => choose({ case: name }) },
      make("img", { src, alt: "" }), say("common.case", { number: number + 1 })));
  return make("div", { class: "picker", role: "group", "aria-label": say("learn.choose") },
    ...cases, make("button", { type: "button", class: "case new", hidden: true, "aria-pressed": "false" }),
    make("button", { type: "button", class: "choose", onclick: () => file.click() }, say("learn.own")), file);
}

// Shows which photo is chosen; one that is no case of the page gets a button of its own.
function mark(pick, chosen, picture, again) {
  const extra = pick.querySelector(".new");
  if (picture) {
    extra.hidden = false;
    extra.replaceChildren(make("img", { src: picture.src, alt: "" }), picture.title);
    extra.onclick = again;
  }
  for (const button of pick.querySelectorAll(".case"))
    button.setAttribute("aria-pressed", String(picture ? button === extra : button.dataset.name === chosen.case));
}

// The stress test of a photo: `use(source)` begins with another one.
function stressSection(start, ask) {
  const { sliders } = start;
  let source = null, amounts = neutral(sliders), before = null, timer = 0;
  const question = { source, amounts, running: false, again: false, given: 0 };
  const photo = make("img", { class: "photo", alt: say("learn.stress_alt") }), answer = make("div", { class: "answer", "aria-live": "polite" });
  const busy = make("p", { class: "busy small", role: "status" }), rows = make("div", { class: "sliders" });
  // One question at a time: what changes meanwhile is asked when its answer is there.
  const stress = () => {
    busy.textContent = say("learn.working");
    question.again = question.running;
    if (question.running) return;
    Object.assign(question, { source, amounts, running: true });
    ask("stress", { ...source, amounts });
    clearTimeout(question.given);
    question.given = setTimeout(() => {
      question.running = false;
      busy.textContent = say("learn.gone");
    }, PATIENCE);
  };
  const changed = (name, value) => {
    amounts = { ...amounts, [name]: value };
    clearTimeout(timer);
    timer = setTimeout(stress, 120);
  };
  const reset = () => {
    clearTimeout(timer);
    amounts = neutral(sliders);
    rows.replaceChildren(...Object.entries(sliders).map(([name, slider]) => sliderRow(name, slider, changed)));
    stress();
  };
  const receive = found => {
    clearTimeout(question.given);
    question.running = false;
    busy.textContent = "";
    if (question.source === source) {
      if (found.photo) photo.src = found.photo;
      if (Object.entries(question.amounts).every(([name, value]) => value === sliders[name].neutral)) before = found;
      answer.replaceChildren(...stressAnswer(found, before, question.amounts, sliders));
    }
    if (question.again) stress();
  };
  const use = chosen => {
    source = chosen;
    before = null;
    answer.replaceChildren();
    reset();
  };
  const side = make("div", { class: "side" }, rows, make("button", { type: "button", class: "reset", onclick: reset }, say("learn.reset")), busy, answer);
  const made = make("section", { class: "stress" },
    make("h2", {}, say("learn.stress_title")), make("p", {}, say("learn.stress_lead")), make("div", { class: "pages" }, photo, side));
  return { made, use, receive };
}

// The two sections below the quiz, about one photo. `ask(kind, data)` sends a question, `send(file)` a file.
function bench(start, { ask, send }) {
  const stress = stressSection(start, ask), list = make("div", { class: "steps-place" });
  let source = { case: Object.keys(start.pictures)[0] };
  const askSteps = () => {
    show.hidden = true;
    list.replaceChildren(make("p", { class: "small", role: "status" }, say("learn.working")));
    ask("steps", source);
  };
  const show = make("button", { type: "button", class: "primary show", onclick: askSteps }, say("learn.steps_show"));
  const choose = (chosen, picture = null) => {
    source = chosen;
    mark(pick, chosen, picture, () => choose(chosen, picture));
    stress.use(chosen);
    if (show.hidden) askSteps();
  };
  const fail = reason => list.replaceChildren(make("p", { class: "warning", role: "alert" }, reason));
  const own = async (file, picture = { src: URL.createObjectURL(file), title: say("learn.own_short") }) => {
    if (file.size > start.limit.bytes) return fail(start.limit.words);
    try {
      const { path } = await send(file);
      choose({ path }, picture);
    } catch {
      fail(say("learn.not_sent"));
    }
  };
  // The photo last classified in the tab Classify; the page alone remembers it.
  const hand = ({ file, case: name, src }) => {
    const picture = { src, title: say("learn.classified") };
    if (file) own(file, picture);
    else choose({ case: name }, name in start.pictures ? null : picture);
  };
  const pick = picker(start.pictures, { choose, own });
  const how = make("section", { class: "how" },
    make("h2", { tabIndex: -1 }, say("learn.steps_title")), make("p", {}, say("learn.steps_lead")), pick, show, list);
  const receive = found => (found.kind === "steps" ? showSteps(list, found, start) : stress.receive(found));
  return { made: [how, stress.made], receive, choose, hand, begin: () => choose(source), open: () => show.hidden || show.click() };
}
