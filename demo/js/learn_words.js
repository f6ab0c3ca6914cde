// Every text of the Learn tab that the browser writes.
const times = count => ["never", "once", "twice"][count] ?? `${count} times`;
const capital = text => text[0].toUpperCase() + text.slice(1);
const spaced = text => text.replaceAll(" %", "\u00a0%");
const words = {
  start: {
    title: "Guess first, then ask the network",
    lead: "You see a photo and decide whether you would have the lesion examined. Then the network answers, you may change your mind, and you see the diagnosis.",
    length: "Photos",
    seed: "Set",
    seedHint: "Four letters or digits. The same set has the same photos for everyone.",
    begin: "Start",
    resume: (seed, done, size) => `Continue set ${seed} (${done} of ${size} answered)`,
    noSet: "There is no such set: take four letters or digits, but not O, 0, I or 1.",
    facts: deck => [
      `Half of the photos in a set are melanomas and half are moles. That is far more cancer than in any practice.`,
      `The network is wrong about a third of each set, which is drawn to test when you trust it. Of all ${deck.cards} photos it gets ${deck.wrong} wrong.`,
      "Each diagnosis is the archive's. No photo was in the training of the network.",
      "Your answers stay in this browser. Nobody else sees them.",
    ],
    source: deck => `Photos: ISIC Archive (set UDA-1, anonymous), CC-0. ${deck.all} photos; ${deck.all - deck.cards} that the network would warn of are left out.`,
  },
  loading: "Drawing the photos ...",
  gone: "skinnet does not answer. Start it again, then try once more.",
  progress: (number, size) => `Photo ${number} of ${size}`,
  leave: "End the quiz",
  question: {
    title: "Would you have this lesion examined?",
    yes: "Yes, examine it",
    no: "No, leave it",
    sure: "How sure are you?",
    steps: ["a guess", "fairly", "very"],
    ask: "See what the network says",
    note: "You answer first. Then the network does, and you may change your mind before you see the diagnosis.",
    keys: "Keys: 1 examine, 2 leave; 3, 4, 5 how sure; Enter goes on.",
    photo: (number, size) => `Photo ${number} of ${size}: a lesion through a dermatoscope`,
  },
  verdict: {
    above: "The network: suspicious",
    below: "The network: below the threshold",
    score: card => spaced(`Score ${card.words}, ${card.suspicious ? "above" : "below"} the threshold of ${card.threshold}.`),
    yours: (examine, sure) => `Your answer: ${examine ? "examine it" : "leave it"}${sure === null ? "" : ` (${["a guess", "fairly sure", "very sure"][sure]})`}.`,
    ask: "Do you keep your answer?",
    map: "Lines: regions that raised the score for melanoma; dots: regions that lowered it. They do not say why.",
    photo: "The same photo, with the evidence for melanoma",
    buttons: (examine, first) => `${examine === first ? "Keep" : "Change"}: ${examine ? "examine it" : "leave it"}`,
  },
  truth: {
    names: { mel: "Melanoma", nv: "Mole (melanocytic nevus)" },
    label: "The archive's diagnosis",
    line: ({ first, network, final }) => {
      if (network) {
        if (final) return first ? "You and the network were right." : "The network was right, and you took its help.";
        return first ? "You changed a right answer that the network agreed with." : "The network was right, and you did not take its help.";
      }
      if (final) return first ? "The network was wrong, and you kept your right answer." : "You and the network were wrong at first; you changed your mind in time.";
      return first ? "The network was wrong, and it talked you out of a right answer." : "You and the network were both wrong.";
    },
    missed: card => spaced(`A score of ${card.words} is below the threshold, and still no all-clear.`),
    alarm: "The threshold is low, so that few cancers are missed. False alarms are its price.",
    next: "Next photo",
    end: "See your results",
  },
  end: {
    title: "You, and the network",
    set: (seed, size) => `Set ${seed} · ${size} photos · finished`,
    again: "Same set again",
    other: "New set",
    columns: ["You alone", "You, after seeing the network", "The network"],
    found: "melanomas examined",
    left: "moles left alone",
    sensitivity: "sensitivity",
    specificity: "specificity",
    share: (count, of, low, high) => `${Math.round((100 * count) / of)}\u00a0% (${Math.round(100 * low)} to ${Math.round(100 * high)})`,
    drawn: (wrong, size) =>
      `In brackets: 95\u00a0% Wilson intervals. They are wide, because ${size} photos say little. The set was drawn so that the network is wrong ${times(wrong)}: its figures here are not its figures in the tab Results.`,
    talked: count => (count ? `${capital(times(count))} it talked you out of a right answer.` : "It never talked you out of a right answer."),
    talkedMore: ({ wrong, rightBefore, followed }) =>
      `It was wrong ${times(wrong)}. In ${rightBefore} of these you were right before you saw it. In the end you ${followed ? `gave its wrong answer ${times(followed)}` : "never gave its wrong answer"}.`,
    unhelped: count => (count ? `${capital(times(count))} you did not take its help.` : "You never turned its help down."),
    unhelpedMore: ({ right, wrongBefore, helped }) =>
      `It was right ${times(right)}. In ${wrongBefore} of these you were wrong before you saw it. You ${helped ? `took its help ${times(helped)}` : "never took its help"}.`,
    you: "you",
    network: "network",
    answer: examine => (examine ? "examine" : "leave"),
    verdict: card => spaced(`${card.suspicious ? "above" : "below"}, ${card.words}`),
    amber: "Amber and underlined: differs from the archive's diagnosis. Choose a photo to see how its verdict comes about.",
    look: (number, name) => `Photo ${number}, ${name}: see how its verdict comes about`,
    save: "Save as CSV",
    file: seed => `skinnet-quiz-${seed}.csv`,
    class: "For a class",
    classLead: size => `Everyone who opens this link gets the same ${size} photos in the same order. Answers stay in each browser.`,
    copy: "Copy link",
    copied: "Copied",
    large: "Show large",
    small: "Show normal",
  },
  bench: {
    choose: "The photo",
    case: number => `Case ${number}`,
    quizCase: "From the quiz",
    own: "Your own photo",
    ownShort: "Your photo",
    stepsTitle: "How a verdict comes about",
    stepsLead: "Six steps from the photo to the word “suspicious”.",
    show: "Show the six steps",
    working: "Classifying ...",
    stressTitle: "Stress the verdict",
    stressLead: "Change the photo, and see whether the verdict holds. A verdict that flips says more about the photo than about the lesion.",
    reset: "Undo all",
    asIs: words => spaced(`As it is, the photo scores ${words}.`),
    changed: (list, score, threshold, side) => spaced(`With ${list} it scores ${score}, ${side} the threshold of ${threshold}.`),
    none: list => spaced(`With ${list} the gate refuses it.`),
    sides: { same: { true: "still above", false: "still below" }, other: { true: "now above", false: "now below" } },
    refused: "Not classified",
    warned: "Do not rely on it.",
    above: "Suspicious",
    below: "Below the threshold",
    noFigures: "The gate refuses the photo, so no figure is shown.",
    alt: "The photo as the sliders change it",
    notSent: "The photo did not reach skinnet: it is too large, or skinnet is not running.",
    amounts: {
      light: v => `light ${signed(100 * (v - 1))}`,
      tint: v => `tint ${signed(100 * v)}`,
      blur: v => `blur ${v} px`,
      crop: v => `the middle ${Math.round(100 / v)} %`,
      hair: v => `hair ${v} of 4`,
    },
    notice: "A demonstration, not a medical device.",
  },
  steps: {
    input: "The photo as the network gets it",
    feature: number => `Feature map ${number}`,
    map: name => `Evidence for and against ${name}, place by place`,
    network: (kind, maps, size) => `${kind}: ${maps.toLocaleString("en")} maps of ${size}`,
    pooled: ["", "places", "fixed", "points"],
    shares: ["", "softmax", "calibrated"],
    texts: ({ width, height, places, likeliest, networks, temperature, shifted, raw, score, threshold, suspicious }) => [
      { title: "A small photo", text: `The photo is scaled to ${width} × ${height} points, three numbers each. Finer detail is lost to the network.` },
      {
        title: "Feature maps",
        text: `${networks.length > 1 ? "Two networks look" : "The network looks"} for patterns that were learned from photos: white is where one was found. Shown are the maps that add most to ${likeliest}; few of them have a name.`,
      },
      { title: `${places} places vote`, text: "Each place votes for (blue) or against (orange) each diagnosis. These votes are the heat map of the tab Classify." },
      { title: "Pooling", text: "The votes of all places are added up, and a fixed amount for each diagnosis is added. Where the pattern lies makes no difference." },
      {
        title: "Softmax and calibration",
        text: `Softmax turns points into chances that add up to 100 %. Calibration divides the points by a temperature of ${temperature.toFixed(2)}${shifted ? " and corrects for how often each diagnosis was drawn in training" : ""}, so that of 100 photos with a chance of 20 %, about 20 are what it says.`,
      },
      {
        title: "One sum, one threshold",
        text: `The chances of the three (pre)malignant diagnoses are added: ${score} (${raw} before calibration). The threshold is ${threshold}, so the verdict is “${suspicious ? "suspicious" : "below the threshold"}”.`,
      },
    ],
  },
};
const signed = value => `${value < 0 ? "−" : "+"}${Math.abs(Math.round(value))} %`;
const lowered = name => name[0].toLowerCase() + name.slice(1);
