// The films so far: to look at again, to download, to delete.

import { get, remove } from "./api.js";
import { forget, saving } from "./stage.js";
import { ago, element, fileName, hasEnded, length, say, titleOf } from "./words.js";

const at = (id) => document.getElementById(id);
const PAGE = 20;
const REFRESH = 3000;
const STATES = {
  JOB_STATE_QUEUED: "Waiting",
  JOB_STATE_RUNNING: "Being made",
  JOB_STATE_CANCELLING: "Cancelling",
  JOB_STATE_SUCCEEDED: "Ready",
  JOB_STATE_FAILED: "Failed",
  JOB_STATE_CANCELLED: "Cancelled",
};

let timer = 0;
let shown = PAGE;

/** Show the list and keep it true until `leave`. */
export function enter() {
  shown = PAGE;
  refresh();
}

export function leave() {
  clearTimeout(timer);
  timer = 0;
}

async function refresh() {
  clearTimeout(timer);
  let unfinished = true;
  try {
    const { jobs, nextPageToken } = await get(`/v1/jobs?page_size=${shown}`);
    unfinished = jobs.some((job) => !hasEnded(job.state));
    list(jobs);
    at("films-more").hidden = !nextPageToken || shown >= 200;
    at("films-problem").hidden = true;
  } catch (problem) {
    at("films-problem").textContent = problem.message;
    at("films-problem").hidden = false;
  }
  if (unfinished && !at("films").hidden) timer = setTimeout(refresh, REFRESH);
}

/** Put the jobs into the list; rows that are the same stay, so that the focus does. */
function list(jobs) {
  const rows = new Map([...at("films-list").children].map((row) => [row.dataset.job, row]));
  const wanted = jobs.map((job) => {
    const row = rows.get(job.name);
    return row?.dataset.state === mark(job) ? row : entry(job);
  });
  const same = wanted.every((row, index) => at("films-list").children[index] === row);
  if (!same || wanted.length !== rows.size) at("films-list").replaceChildren(...wanted);
  at("films-none").hidden = jobs.length > 0;
}

function mark(job) {
  return `${job.state} ${Math.floor(job.progress.fraction * 100)}`;
}

function entry(job) {
  const title = titleOf(job.spec);
  const film = job.film;
  const facts = [STATES[job.state], ago(job.createTime)];
  if (film) facts.push(length(film.durationSeconds), `${film.widthPixels} × ${film.heightPixels}`);
  if (job.error) facts[0] = job.state === "JOB_STATE_FAILED" ? "Failed" : "Cancelled";
  const share = Math.floor(job.progress.fraction * 100);
  if (!hasEnded(job.state)) facts[0] += `, ${share} %`;
  const row = element(
    "li",
    { class: "film" },
    element(
      "div",
      {},
      element("h2", {}, element("a", { href: `#/${job.name}` }, title)),
      element("p", { class: "quiet" }, facts.join(" · ")),
      job.error && job.state === "JOB_STATE_FAILED" ? element("p", { class: "quiet" }, job.error.message) : "",
    ),
    element(
      "div",
      { class: "row" },
      film ? saving(film.asset, fileName(job.spec), "Download") : "",
      element("button", { type: "button", click: () => ask(job), "aria-label": `Delete “${title}”` }, "Delete"),
    ),
  );
  row.querySelector("a.button")?.setAttribute("aria-label", `Download “${title}”`);
  row.dataset.job = job.name;
  row.dataset.state = mark(job);
  row.classList.toggle("failed", job.state === "JOB_STATE_FAILED");
  return row;
}

function ask(job) {
  const dialog = at("delete-dialog");
  at("delete-what").textContent = `“${titleOf(job.spec)}”`;
  at("delete-still").hidden = hasEnded(job.state);
  dialog.returnValue = "";
  dialog.onclose = async () => {
    if (dialog.returnValue !== "delete") return;
    try {
      await remove(job.name);
      forget(job.name);
      say("Deleted");
    } catch (problem) {
      say(problem.message);
    }
    await refresh();
    at("films-title").focus();
  };
  at("delete-yes").onclick = () => dialog.close("delete");
  at("delete-no").onclick = () => dialog.close();
  dialog.showModal();
}

at("films-more").addEventListener("click", () => {
  shown = Math.min(200, shown + PAGE);
  refresh();
});
