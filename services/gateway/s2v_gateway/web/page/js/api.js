// The gateway over HTTP: calls with the key, errors as the server spells them, streams of lines.

import { Problem, unreachable } from "./problem.js";
import { askForKey, key } from "./key.js";

/** Longest silence on a stream, in ms: the server says something every 5 seconds. */
const SILENCE = 15_000;

function headers(more = {}) {
  return key() ? { ...more, authorization: `Bearer ${key()}` } : more;
}

/** Ask, with the key; asks for a key where the server wants one. Throws Problem. */
export async function ask(path, options = {}) {
  for (;;) {
    const shown = key();
    let response;
    try {
      response = await fetch(path, { ...options, headers: headers(options.headers) });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw unreachable();
    }
    if (response.ok) return response;
    const problem = await Problem.of(response);
    if (response.status !== 401) throw problem;
    if (key() === shown && !(await askForKey(shown ? problem.message : ""))) throw problem;
  }
}

export async function get(path, options) {
  return (await ask(path, options)).json();
}

export async function post(path, body) {
  return (await ask(path, { method: "POST", body: JSON.stringify(body) })).json();
}

export async function remove(name) {
  await ask(`/v1/${name}`, { method: "DELETE" });
}

/** Make an asset of a file; `tell` hears the share that was sent. */
export function upload(file, tell, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name || "recording");
    request.open("POST", "/v1/assets:upload");
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => tell(event.loaded / event.total);
    request.onerror = () => reject(unreachable());
    request.onload = async () => {
      if (request.status === 201) return resolve(JSON.parse(request.response).asset);
      const problem = Problem.from(request.status, request.response);
      if (request.status === 401 && (await askForKey(""))) {
        return upload(file, tell, signal).then(resolve, reject);
      }
      return reject(problem);
    };
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

/** Yield the chunks of a body; one that falls silent is broken off. Throws Problem. */
export async function* chunks(response, silence = SILENCE) {
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { value, done } = await within(silence, reader.read());
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw error instanceof Problem ? error : unreachable();
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Yield the messages of a stream, one a line. Throws Problem where it broke. */
export async function* messages(path, options) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks(await ask(path, options))) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const message = JSON.parse(line);
      if (message.error?.code) throw new Problem(message.error, 503);
      yield message;
    }
  }
}

/** Where an asset can be had: its address, or with a key, which no address carries, a copy. */
export async function addressOf(asset) {
  const address = `/v1/${asset}:download`;
  if (!key()) return address;
  return URL.createObjectURL(await (await ask(address)).blob());
}

function within(ms, promise) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(unreachable()), ms);
  });
  return Promise.race([promise, silence]).finally(() => clearTimeout(timer));
}

/** Bytes that JSON carries as Base64. */
export function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
