// Keeps a page up to date by asking for it again, politely: not while nobody can see it, not for
// long after nobody touched it, and no more once it was refused. It writes no text of its own.
//
// `data-live="add"` puts the rows that the link leads to above those that are there; "replace" puts
// what has `data-live-part` in place of what has the same name.

const PATIENCE = 600_000;
const MOST_ROWS = 500;
const TOLD_EVERY = 20_000;

// A document, and not text that would have to be trusted: scripts in it do not run.
const load = (address) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.timeout = 20_000;
    request.onload = () => {
      const there = new URL(request.responseURL).pathname;
      const same = there === new URL(address, location.href).pathname;
      if (request.status === 200 && same && request.response) resolve(request.response);
      else reject(new Error());
    };
    request.onerror = request.ontimeout = reject;
    request.send();
  });

const add = (fresh) => {
  const rows = document.querySelector("[data-live-rows]");
  const added = [...fresh.querySelectorAll("[data-live-rows] > tr")];
  rows.prepend(...added.map((row) => document.importNode(row, true)));
  while (rows.children.length > MOST_ROWS) rows.lastElementChild.remove();
  const link = fresh.querySelector("[data-live-link]")?.getAttribute("href");
  if (link) document.querySelector("[data-live-link]").setAttribute("href", link);
  if (added.length > 0) {
    document.querySelector("[data-live-frame]").hidden = false;
    document.querySelector("[data-live-empty]")?.remove();
  }
  return added.length;
};

const replace = (fresh) => {
  for (const old of document.querySelectorAll("[data-live-part]")) {
    const part = old.dataset.livePart;
    const found = fresh.querySelector(`[data-live-part="${CSS.escape(part)}"]`);
    // What somebody reads by the keyboard stays where it is.
    if (found === null || old.contains(document.activeElement)) continue;
    const made = document.importNode(found, true);
    for (const fold of old.querySelectorAll("details[open][id]")) {
      made.querySelector(`#${CSS.escape(fold.id)}`)?.setAttribute("open", "");
    }
    old.replaceWith(made);
  }
  return 0;
};

const begin = (place) => {
  const every = Number(place.dataset.liveEvery) * 1000;
  const button = place.querySelector("[data-live-button]");
  const count = place.querySelector("[data-live-count]");
  let touched = Date.now();
  let told = 0;
  let came = 0;
  let timer = null;

  const show = (state) => {
    for (const each of place.querySelectorAll("[data-live-if]")) {
      each.hidden = each.dataset.liveIf !== state;
    }
  };

  // Not with every event: whoever hears the page would hear nothing else.
  const tell = () => {
    if (count === null || came === 0 || Date.now() - told < TOLD_EVERY) return;
    count.textContent = came;
    count.parentElement.hidden = false;
    told = Date.now();
    came = 0;
  };

  const stop = (state) => {
    clearTimeout(timer);
    timer = null;
    show(state);
  };

  const turn = async () => {
    if (Date.now() - touched > PATIENCE) {
      stop("off");
      return;
    }
    if (document.visibilityState === "visible") {
      const asked = timer;
      try {
        const link = place.querySelector("[data-live-link]").href;
        const fresh = await load(link);
        // Somebody stopped it meanwhile.
        if (timer !== asked) return;
        came += place.dataset.live === "add" ? add(fresh) : replace(fresh);
        tell();
      } catch {
        if (timer === asked) stop("broken");
        return;
      }
    }
    timer = setTimeout(turn, every);
  };

  const start = () => {
    touched = Date.now();
    show("on");
    timer = setTimeout(turn, every);
  };

  for (const kind of ["pointerdown", "keydown", "wheel"]) {
    document.addEventListener(kind, () => (touched = Date.now()), { passive: true });
  }
  button.hidden = false;
  button.addEventListener("click", () => (timer === null ? start() : stop("off")));
  start();
};

for (const place of document.querySelectorAll("[data-live]")) begin(place);
