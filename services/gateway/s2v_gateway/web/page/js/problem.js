// What went wrong, in words for whoever looks at the page: google.rpc.Status, read once.

const CONTROLS = [
  [/^(spec\.)?script\.text$|^text$/, "text"],
  [/^(spec\.)?script\.transcript/, "transcript"],
  [/^(spec\.)?script\.audio/, "sound"],
  [/^(spec\.)?script\.speed/, "speed"],
  [/^(spec\.)?reference/, "portrait"],
  [/^(spec\.)?face/, "face"],
  [/^(spec\.)?(width|height)_pixels/, "shape"],
  [/^(spec\.)?(voice|engine|preset|captions)/, "$2"],
];

/** The server speaks to programs; these reasons it says otherwise to people. */
const WORDS = {
  MEDIA_TYPE_UNSUPPORTED: () =>
    "This kind of file cannot be used. Choose a picture (JPEG, PNG, WebP, HEIC), a video " +
    "(MP4, MOV, WebM) or, for sound, WAV, MP3, M4A, FLAC or OGG.",
  TEXT_EMPTY: () => "There is nothing to say yet. Write a sentence.",
  JOB_NOT_FOUND: () => "It was deleted, has expired, or is somebody else's.",
  QUEUE_FULL: () => "Many films wait already. Try again in a few minutes.",
};

export class Problem extends Error {
  /** Attributes: `message`, `reason`, `control` (id of what to change, or ""), `http` (0: no answer). */
  constructor(status, http) {
    const details = status.details ?? [];
    const find = (kind) => details.find((one) => one["@type"]?.endsWith(kind));
    const reason = find("ErrorInfo")?.reason ?? "";
    super(WORDS[reason]?.() ?? sentence(status.message ?? ""));
    this.reason = reason;
    this.control = controlOf(find("BadRequest")?.fieldViolations?.[0]?.field ?? "");
    this.http = http;
  }

  static from(http, body) {
    try {
      return new Problem(JSON.parse(body), http);
    } catch {
      return new Problem({ message: `the server answered ${http}; try again in a moment` }, http);
    }
  }

  static async of(response) {
    return Problem.from(response.status, await response.text().catch(() => ""));
  }

  /** Whether asking again later may do: nobody answered, or a server that is not up yet. */
  get passing() {
    return this.http === 0 || this.http >= 500 || this.http === 429;
  }
}

export function unreachable() {
  const message = "the server does not answer. Is it running, and are you connected?";
  return new Problem({ message }, 0);
}

function controlOf(field) {
  for (const [pattern, control] of CONTROLS) {
    const match = pattern.exec(field);
    if (match) return control.replace("$2", match[2]);
  }
  return "";
}

function sentence(message) {
  const text = message.replace(/\bspec\.(script\.)?/g, "");
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
