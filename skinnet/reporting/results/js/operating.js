// What a threshold does at a prevalence: shares with 95 % intervals, and counts among 1,000 lesions.
// A share is {value, low, high}; null is undefined.

const Z = 1.959964;
const logit = p => Math.log(p / (1 - p)), logistic = x => 1 / (1 + Math.exp(-x));

// Wilson's interval of hits among n (Wilson, JASA 1927).
function wilson(hits, n) {
  if (!n) return { value: null, low: null, high: null };
  const share = hits / n, z2 = Z * Z / n;
  const middle = (share + z2 / 2) / (1 + z2), half = Z * Math.sqrt(share * (1 - share) / n + z2 / (4 * n)) / (1 + z2);
  return { value: share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

// A predictive value from its odds, with the variance of their logarithm (Mercaldo et al., Stat Med 2007);
// no interval where no error was seen, since the formula then knows no doubt.
function fromOdds(right, wrong, variance) {
  if (!(right + wrong > 0)) return { value: null, low: null, high: null };
  const value = right / (right + wrong), half = Z * Math.sqrt(variance);
  if (!right || !wrong || !(half > 0 && half < Infinity)) return { value, low: null, high: null };
  return { value, low: logistic(logit(value) - half), high: logistic(logit(value) + half) };
}

// A test set with running counts, so that a threshold is looked up and not counted again.
function prepare({ title, scores, malignant }) {
  const found = [0];
  for (const each of malignant) found.push(found.at(-1) + each);
  return { title, scores, malignant, found, sick: found.at(-1), well: scores.length - found.at(-1) };
}

// How many scores, sorted from the highest, are at or above a threshold.
function flaggedFrom(scores, threshold) {
  let [low, high] = [0, scores.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (scores[middle] >= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

function operate(set, threshold, prevalence) {
  const flagged = flaggedFrom(set.scores, threshold), hits = set.found[flagged], { sick, well } = set;
  const sensitivity = wilson(hits, sick), specificity = wilson(well - flagged + hits, well);
  const [se, sp] = [sensitivity.value, specificity.value];
  const ppv = fromOdds(se * prevalence, (1 - sp) * (1 - prevalence), (1 - se) / se / sick + sp / (1 - sp) / well);
  const npv = fromOdds(sp * (1 - prevalence), (1 - se) * prevalence, se / (1 - se) / sick + (1 - sp) / sp / well);
  const each = share => (share ? 1 / share : null);
  const flaggedPerFound = { value: each(ppv.value), low: each(ppv.high), high: each(ppv.low) };
  return { flagged, sensitivity, specificity, ppv, npv, flaggedPerFound, counts: among(1000, se, sp, prevalence) };
}

function among(total, sensitivity, specificity, prevalence) {
  const sick = Math.round(total * prevalence), found = Math.round(sick * sensitivity);
  const alarms = Math.round((total - sick) * (1 - specificity));
  return { sick, found, missed: sick - found, alarms, left: total - sick - alarms };
}
