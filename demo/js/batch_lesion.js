// Several photos of one lesion: all scores, and the verdict of the highest. Two photos: the change between them.
function lesionPanel(rows, start, swapped, swap) {
  const scored = rows.filter(hasFigures).sort(ORDERS.score);
  const panel = make("div", { class: "panel lesion" }, make("h2", {}, say("batch.lesion_title")));
  if (!scored.length) {
    panel.append(make("p", {}, say("batch.lesion_none")));
    return panel;
  }
  const [highest] = scored;
  const lowest = scored[scored.length - 1];
  panel.append(
    make("p", { class: "lesion-verdict" }, icon(highest.state), say(`batch.lesion_${highest.state}`)),
    make("p", {}, say("batch.lesion_highest", { score: highest.words, name: highest.name }), " ",
      scored.length > 1 ? say("batch.lesion_span", { number: scored.length, low: lowest.words, high: highest.words }) : null),
    axis(scored, start.threshold, say("batch.lesion_all", { scores: scored.map(row => row.words).join(", ") })),
  );
  if (scored.length > 1) panel.append(make("p", { class: "small" }, say("batch.lesion_mean")));
  if (scored.length < rows.length) panel.append(make("p", { class: "small" }, say("batch.lesion_left", { photos: photos(rows.length - scored.length) })));
  if (rows.length === 2 && scored.length === 2) panel.append(...overTime(swapped ? [rows[1], rows[0]] : rows, start, swap));
  return panel;
}

const factorWords = logOdds => {
  const factor = Math.exp(Math.abs(logOdds));
  return factor < 10 ? decimals(factor, 1) : decimals(factor, 0);
};

function overTime([earlier, later], start, swap) {
  const change = logit(later.score) - logit(earlier.score);
  const figure = (row, title) =>
    make("figure", {}, picture(row), make("figcaption", {}, make("strong", {}, title), ` ${row.name} `, make("b", {}, row.words)));
  const said = Math.abs(change) < 0.005 ? say("batch.time_same") : say(change > 0 ? "batch.time_rose" : "batch.time_fell", { factor: factorWords(change) });
  return [
    make("h3", {}, say("batch.time_title")),
    make("div", { class: "pair" }, figure(earlier, say("batch.time_earlier")), figure(later, say("batch.time_later"))),
    make("p", { class: "change" }, said, " ", ...againstScatter(change, start.scatter)),
    make("p", { class: "small" }, say("batch.time_advice")),
    make("button", { type: "button", onclick: swap }, say("batch.time_swap")),
  ];
}

function againstScatter(change, scatter) {
  if (scatter.log_odds === null) return [say("batch.time_no_scatter")];
  const beyond = Math.abs(change) > scatter.log_odds;
  const drawn = make("span", { class: "scatter", role: "img", "aria-label": say("batch.time_axis") });
  const widest = 1.25 * Math.max(scatter.log_odds, Math.abs(change));
  const at = value => `${50 + (50 * value) / widest}%`;
  const range = make("i", { class: "range" });
  range.style.left = at(-scatter.log_odds);
  range.style.width = `${(100 * scatter.log_odds) / widest}%`;
  const dot = make("i", { class: "dot" });
  dot.style.left = at(change);
  drawn.append(range, make("i", { class: "zero" }), dot);
  const counted = { factor: factorWords(scatter.log_odds), pairs: decimals(scatter.pairs, 0), lesions: decimals(scatter.lesions, 0) };
  return [say("batch.time_scatter", counted), " ", say(beyond ? "batch.time_beyond" : "batch.time_within"), drawn];
}
