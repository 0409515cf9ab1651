// Keeps the page of an open run up to date: counts, progress and rows; what the reader has in focus stays untouched.
const progress = document.querySelector("[data-progress]");
const bar = progress.querySelector("progress");
const show = (name, text) => document.querySelectorAll(`[data-live=${name}]`).forEach((node) => { node.textContent = text; });
const number = new Intl.NumberFormat(document.documentElement.lang);
const EVERY = 2000;
const began = { at: Date.now(), done: bar.value };
let told = 0;

progress.querySelector("[data-still]").hidden = true;
setTimeout(update, EVERY);

async function update() {
  let wait = EVERY;
  try {
    if (!document.hidden) {
      const response = await fetch(progress.dataset.progress, { headers: { accept: "application/json" } });
      if (response.redirected || response.status === 403 || response.status === 404) return location.reload();
      const run = await response.json();
      if (!run.open) return location.reload();
      draw(run);
    }
  } catch {
    wait = 5 * EVERY; // the server is away for a moment
  }
  setTimeout(update, wait);
}

function draw(run) {
  ["heading", "text", "allowance"].forEach((name) => show(name, run[name]));
  show("worth", run.worth_text);
  document.querySelectorAll("[data-worth]").forEach((node) => { node.hidden = !run.worth_text; });
  show("left", timeLeft(run));
  Object.entries(run.counts).forEach(([name, count]) => {
    const figure = progress.querySelector(`[data-figure=${name}]`);
    if (figure) figure.textContent = number.format(count);
  });
  if (run.total) {
    bar.max = run.total;
    bar.value = run.done;
    const tenth = Math.floor((10 * run.done) / run.total);
    if (tenth > told) show("status", run.text); // often enough for ears
    told = tenth;
  }
  drawRows(run.rows);
}

function drawRows(html) {
  const body = document.querySelector("[data-rows]");
  if (!body || body.contains(document.activeElement)) return;
  const fresh = document.createElement("tbody");
  fresh.innerHTML = html; // drawn and escaped by the server, as the page itself was
  if (fresh.innerHTML !== body.innerHTML) body.replaceChildren(...fresh.children);
}

function timeLeft(run) {
  const done = run.done - began.done;
  if (!run.total || done <= 0) return "";
  const seconds = Math.ceil((((run.total - run.done) / done) * (Date.now() - began.at)) / 1000);
  const { seconds: shortly, minutes } = progress.dataset;
  return seconds < 90 ? shortly.replace("%s", seconds) : minutes.replace("%s", Math.ceil(seconds / 60));
}
