// The stress test: sliders that change a photo on the server, and what the network then answers.

const PATIENCE = 60_000; // milliseconds until a lost answer is given up

const neutral = sliders => Object.fromEntries(Object.entries(sliders).map(([name, slider]) => [name, slider.neutral]));

function sliderRow(name, slider, changed) {
  const input = make("input", { type: "range", id: `slider-${name}`, min: slider.low, max: slider.high, step: slider.step, value: slider.neutral });
  const tell = () => input.setAttribute("aria-valuetext", words.bench.amounts[name](Number(input.value)));
  tell();
  input.addEventListener("input", () => {
    tell();
    changed(name, Number(input.value));
  });
  return make("div", { class: "slider" },
    make("label", { htmlFor: input.id }, slider.title), input,
    make("span", { class: "ends caption", "aria-hidden": "true" }, make("span", {}, slider.ends[0]), make("span", {}, slider.ends[1])));
}

// What the sliders did: the score before and after, and on which side of the threshold it lies now.
function changeSentence(found, before, amounts, sliders) {
  const list = Object.entries(amounts).filter(([name, value]) => value !== sliders[name].neutral).map(([name, value]) => words.bench.amounts[name](value));
  const asIs = before?.words ? words.bench.asIs(before.words) : "";
  if (!list.length) return asIs;
  if (!found.words) return `${asIs} ${words.bench.none(list.join(", "))}`;
  const sides = words.bench.sides[before?.suspicious === found.suspicious ? "same" : "other"];
  return `${asIs} ${words.bench.changed(list.join(", "), found.words, found.threshold, sides[found.suspicious])}`;
}

function stressAnswer(found, before, amounts, sliders) {
  if (found.error) return [make("p", { class: "warning" }, found.error)];
  if (found.gate === "refuse") return [
    make("h3", { class: "state" }, words.bench.refused),
    make("p", { class: "warning" }, make("strong", {}, found.note), ` ${words.bench.noFigures}`),
    make("p", { class: "changed" }, changeSentence(found, before, amounts, sliders)),
  ];
  const axis = make("div");
  axis.innerHTML = found.axis; // drawn by the server from numbers alone
  return [
    stateHeading("h3", found.suspicious ? words.bench.above : words.bench.below, found.suspicious ? "suspicious" : "below"),
    axis,
    make("p", { class: "changed" }, changeSentence(found, before, amounts, sliders)),
    found.note ? make("p", { class: "warning" }, make("strong", {}, words.bench.warned), ` ${found.note}`) : null,
    make("p", { class: "caption" }, words.bench.notice),
  ].filter(Boolean);
}

function picker(pictures, { choose, own }) {
  const file = make("input", { type: "file", class: "hidden-text own", accept: "image/*,.tif,.tiff", "aria-label": words.bench.own, tabIndex: -1, onchange: () => {
    if (file.files.length) own(file.files[0]);
    file.value = "";
  } });
  const cases = Object.entries(pictures).map(([name, src], number) =>
    make("button", { type: "button", class: "case", "data-name": name, "aria-pressed": "false", onclick: () => choose({ case: name }) },
      make("img", { src, alt: "" }), words.bench.case(number + 1)));
  return make("div", { class: "picker", role: "group", "aria-label": words.bench.choose },
    ...cases, make("button", { type: "button", class: "case new", hidden: true, "aria-pressed": "false" }),
    make("button", { type: "button", class: "choose", onclick: () => file.click() }, words.bench.own), file);
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
  const photo = make("img", { class: "photo", alt: words.bench.alt }), answer = make("div", { class: "answer", "aria-live": "polite" });
  const busy = make("p", { class: "busy small", role: "status" }), rows = make("div", { class: "sliders" });
  // One question at a time: what changes meanwhile is asked when its answer is there.
  const stress = () => {
    busy.textContent = words.bench.working;
    question.again = question.running;
    if (question.running) return;
    Object.assign(question, { source, amounts, running: true });
    ask("stress", { ...source, amounts });
    clearTimeout(question.given);
    question.given = setTimeout(() => {
      question.running = false;
      busy.textContent = words.gone;
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
  const side = make("div", { class: "side" }, rows, make("button", { type: "button", class: "reset", onclick: reset }, words.bench.reset), busy, answer);
  const made = make("section", { class: "stress" },
    make("h2", {}, words.bench.stressTitle), make("p", {}, words.bench.stressLead), make("div", { class: "pages" }, photo, side));
  return { made, use, receive };
}

// The two sections below the quiz, about one photo. `ask(kind, data)` sends a question, `send(file)` a file.
function bench(start, { ask, send }) {
  const stress = stressSection(start, ask), list = make("div", { class: "steps-place" });
  let source = { case: Object.keys(start.pictures)[0] };
  const askSteps = () => {
    show.hidden = true;
    list.replaceChildren(make("p", { class: "small", role: "status" }, words.bench.working));
    ask("steps", source);
  };
  const show = make("button", { type: "button", class: "primary show", onclick: askSteps }, words.bench.show);
  const choose = (chosen, picture = null) => {
    source = chosen;
    mark(pick, chosen, picture, () => choose(chosen, picture));
    stress.use(chosen);
    if (show.hidden) askSteps();
  };
  const own = async file => {
    try {
      const { path } = await send(file);
      choose({ path }, { src: URL.createObjectURL(file), title: words.bench.ownShort });
    } catch {
      list.replaceChildren(make("p", { class: "warning", role: "alert" }, words.bench.notSent));
    }
  };
  const pick = picker(start.pictures, { choose, own });
  const how = make("section", { class: "how" },
    make("h2", { tabIndex: -1 }, words.bench.stepsTitle), make("p", {}, words.bench.stepsLead), pick, show, list);
  const receive = found => (found.kind === "steps" ? showSteps(list, found, start) : stress.receive(found));
  return { made: [how, stress.made], receive, choose, begin: () => choose(source), open: () => show.hidden || show.click() };
}
