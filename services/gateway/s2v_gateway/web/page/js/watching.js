// Follow a job to its end, over lost connections and restarts of the server.

import { messages } from "./api.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5000;

/**
 * Yield what happens to a job, each thing once, as WatchJob tells it; `{ lost: Problem }` when the
 * connection broke, `{ back: true }` when it is there again. Throws a Problem that waiting cannot mend.
 */
export async function* happenings(job, signal) {
  let token = "";
  let pause = FIRST_PAUSE;
  let lost = false;
  for (;;) {
    try {
      const path = `/v1/${job}:watch?with_stats=true&resume_token=${encodeURIComponent(token)}`;
      for await (const message of messages(path, { signal })) {
        if (lost) yield { back: true };
        lost = false;
        pause = FIRST_PAUSE;
        token = message.resumeToken || token;
        yield message;
      }
      return;
    } catch (problem) {
      if (signal.aborted) return;
      if (problem.reason === "RESUME_TOKEN_INVALID") token = "";
      else if (!problem.passing) throw problem;
      if (!lost) yield { lost: problem };
      lost = true;
    }
    await rest(pause, signal);
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  }
}

/** Wait, or until the browser is connected again. */
export function rest(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    window.addEventListener("online", done);
    signal?.addEventListener("abort", done);
  });
}
