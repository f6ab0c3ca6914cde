// Questions to the server, and the files that they are about.
const start = props.value;
const PATIENCE = 120_000;

// Ask the server, and wait for the answer with the question's number.
let asked = 0;
const waiting = new Map();
watch("value", () => {
  waiting.get(props.value?.id)?.(props.value);
  waiting.delete(props.value?.id);
});
const EVENTS = ["photo", "archive", "check"];
function ask(event, data) {
  const id = ++asked;
  return new Promise(resolve => {
    waiting.set(id, resolve);
    setTimeout(() => resolve({ gone: true }), PATIENCE);
    trigger(EVENTS[EVENTS.indexOf(event)], { ...data, id });
  });
}

function stopWaiting() {
  for (const resolve of waiting.values()) resolve({ stopped: true });
  waiting.clear();
}

// The path of a file that was sent; null where the server is gone, since nothing else fails below the limit of size.
async function sent(file) {
  if (isArchive(file) && file.size > start.limits.archive) return "archive too large";
  if (!isArchive(file) && file.size > start.limits.photo) return "too large";
  try {
    return (await upload(file)).path;
  } catch {
    return null;
  }
}

const isTable = file => /\.csv$/i.test(file.name);
const isArchive = file => /\.zip$/i.test(file.name);

// Photos to classify: each with its name and a way to send it. An archive is sent once, and named by its pictures.
async function jobsOf(files) {
  const jobs = [];
  for (const file of files) {
    if (!isArchive(file)) {
      jobs.push({ file, name: file.name, data: async () => ({ path: await sent(file) }) });
      continue;
    }
    const archive = await sent(file);
    const answer = archive === null ? { gone: true } : await ask("archive", { path: archive });
    if (answer.gone) return null;
    if (answer.stopped) break;
    if (answer.error) jobs.push({ name: file.name, data: async () => ({ path: archive }) });
    else answer.names.forEach((name, member) => jobs.push({ name: `${file.name}/${name}`, data: async () => ({ path: archive, member }) }));
  }
  return jobs;
}
