// The arithmetic of the quiz: seeds, counts, intervals, the table to save. An answer is {first, sure, final}.

function newSeed(signs) {
  return [...crypto.getRandomValues(new Uint8Array(4))].map(byte => signs[byte % signs.length]).join("");
}

// The set that an address names, as #learn/K7Q4 or #learn/K7Q4/6; null for none, false for a wrong one.
function setInAddress(hash, { signs, sizes }) {
  const [tab, seed, size] = hash.replace("#", "").split("/");
  if (tab !== "learn" || seed === undefined) return null;
  const known = [...seed].length === 4 && [...seed].every(sign => signs.includes(sign));
  const count = size === undefined ? 12 : Number(size);
  return known && sizes.includes(count) ? { seed, size: count } : false;
}

// The 95 % interval of a share (Wilson 1927).
function wilson(count, of) {
  const z = 1.959964, share = count / of, scale = 1 + z ** 2 / of;
  const middle = (share + z ** 2 / (2 * of)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

// How many malignant cases are examined, and how many others are left alone.
function tally(cases, choices) {
  const counts = { found: 0, malignant: 0, left: 0, benign: 0 };
  cases.forEach((card, number) => {
    counts[card.malignant ? "malignant" : "benign"] += 1;
    if (card.malignant && choices[number]) counts.found += 1;
    if (!card.malignant && !choices[number]) counts.left += 1;
  });
  return counts;
}

const rightness = (card, answer) => ({
  first: answer.first === card.malignant,
  network: card.suspicious === card.malignant,
  final: answer.final === card.malignant,
});

function influence(cases, answers) {
  const all = cases.map((card, number) => rightness(card, answers[number]));
  const count = test => all.filter(test).length;
  return {
    wrong: count(each => !each.network),
    rightBefore: count(each => !each.network && each.first),
    talked: count(each => !each.network && each.first && !each.final),
    followed: count(each => !each.network && !each.final),
    right: count(each => each.network),
    wrongBefore: count(each => each.network && !each.first),
    helped: count(each => each.network && !each.first && each.final),
    unhelped: count(each => each.network && !each.first && !each.final),
  };
}

function resultsTable(set, answers) {
  const answer = examine => (examine ? "examine" : "leave");
  const header = ["set", "photo", "isic_id", "diagnosis", "first_answer", "sure", "network_score", "network", "final_answer"];
  const rows = set.cases.map((card, number) => {
    const { first, sure, final } = answers[number];
    return [set.seed, number + 1, card.name, card.dx, answer(first), sure + 1, card.score, card.suspicious ? "above" : "below", answer(final)];
  });
  return `${[header, ...rows].map(row => row.join(",")).join("\n")}\n`;
}

function saveText(text, name) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}

// Progress, in this browser alone: the set and the answers, no pictures. Without storage the quiz still runs.
const PROGRESS = "skinnet-quiz";

function keepProgress(progress) {
  try {
    localStorage.setItem(PROGRESS, JSON.stringify(progress));
  } catch { /* the browser keeps nothing */ }
}

function keptProgress(start) {
  try {
    const kept = JSON.parse(localStorage.getItem(PROGRESS));
    const sound = kept?.version === start.version && setInAddress(`#learn/${kept.seed}/${kept.size}`, start);
    const answered = each => typeof each?.first === "boolean" && [0, 1, 2].includes(each.sure);
    const whole = sound && Array.isArray(kept.answers) && kept.answers.length <= kept.size && kept.answers.every(answered);
    return whole ? kept : null;
  } catch {
    return null;
  }
}
