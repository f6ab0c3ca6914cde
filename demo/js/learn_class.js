// For a class: the link to a set, and sums over the results that its students saved as CSV.

// The answers in a saved table, as cards and answers at once; null where it is none.
function answersOf(text, malignant) {
  const separator = text.includes(";") ? ";" : ",";
  const [header, ...rows] = text.trim().split(/\r?\n/).map(row => row.split(separator));
  const cells = ["diagnosis", "network", "first_answer", "final_answer"].map(name => header.indexOf(name));
  if (cells.includes(-1) || !rows.length) return null;
  return rows.map(row => {
    const [dx, network, first, final] = cells.map(cell => row[cell]);
    return { malignant: malignant.includes(dx), suspicious: network === "above", first: first === "examine", final: final === "examine" };
  });
}

function sumsOf(results) {
  const all = results.flat(), told = influence(all, all);
  const share = (count, of) => `${count}${say("learn.of", { number: of }).trimEnd()}${of ? ` (${decimals((100 * count) / of, 0)} %)` : ""}`;
  const lines = ["first", "final", "suspicious"].map((choice, number) => {
    const counts = tally(all, all.map(each => each[choice]));
    return say(`learn.class_sum_${number}`, { found: share(counts.found, counts.malignant), left: share(counts.left, counts.benign) });
  });
  return [say("learn.class_files", { count: results.length, answers: all.length }), ...lines,
    say("learn.class_followed", { followed: share(told.followed, told.wrong), talked: share(told.talked, told.rightBefore) })];
}

function classPanel(set, malignant, large = null) {
  const link = `${document.baseURI}#learn/${set.seed}/${set.size}`;
  const copy = make("button", { type: "button", class: "primary", onclick: async () => {
    try {
      await navigator.clipboard.writeText(link);
      copy.textContent = say("learn.copied");
    } catch {
      getSelection().selectAllChildren(shown); // without HTTPS a page may not write: the reader copies
    }
  } }, say("learn.copy"));
  const shown = make("code", { class: "address" }, link), sums = make("div", { class: "sums small", role: "status" });
  const results = make("input", { type: "file", accept: ".csv,text/csv", multiple: true, hidden: true, onchange: async () => {
    const read = await Promise.all([...results.files].map(async file => answersOf(await file.text(), malignant)));
    const said = read.includes(null) ? [say("learn.class_unread", { name: results.files[read.indexOf(null)].name })] : sumsOf(read);
    sums.replaceChildren(...said.map(text => make("p", {}, typeset(text))));
  } });
  return make("section", { class: "panel class" },
    make("div", {}, make("h2", {}, say("learn.class")), make("p", { class: "small" }, say("learn.class_lead", set)), shown),
    make("div", { class: "actions" }, copy, large),
    make("div", { class: "results" }, make("p", { class: "small" }, say("learn.class_results")),
      make("button", { type: "button", onclick: () => results.click() }, say("learn.class_choose")), results, sums));
}
