// Passkeys in the browser: asks the site what to ask for, asks the browser, and sends the answer as
// an ordinary form. It shows and hides what stands on the page, and writes no text of its own.

const RENEWED_EVERY = 240_000;

const able =
  window.isSecureContext === true && typeof window.PublicKeyCredential === "function";

let waiting = null;

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) =>
    each.charCodeAt(0),
  );

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

const listed = (ids) => (ids ?? []).map((each) => ({ ...each, id: toBytes(each.id) }));

const creation = (json) =>
  PublicKeyCredential.parseCreationOptionsFromJSON?.(json) ?? {
    ...json,
    challenge: toBytes(json.challenge),
    user: { ...json.user, id: toBytes(json.user.id) },
    excludeCredentials: listed(json.excludeCredentials),
  };

const wish = (json) =>
  PublicKeyCredential.parseRequestOptionsFromJSON?.(json) ?? {
    ...json,
    challenge: toBytes(json.challenge),
    allowCredentials: listed(json.allowCredentials),
  };

const written = (credential) => {
  try {
    return JSON.stringify(credential.toJSON());
  } catch {
    return JSON.stringify(byHand(credential));
  }
};

const byHand = ({ id, rawId, type, response, ...rest }) => ({
  id,
  rawId: toText(rawId),
  type,
  response: Object.fromEntries(
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]
      .filter((name) => response[name] instanceof ArrayBuffer)
      .map((name) => [name, toText(response[name])])
      .concat(response.getTransports ? [["transports", response.getTransports()]] : []),
  ),
  clientExtensionResults: rest.getClientExtensionResults?.() ?? {},
});

const refusal = (status) =>
  Object.assign(new Error(), { name: status === 429 ? "TooMany" : "Refused" });

// Asks the site what to ask for; what is typed in fields of these names goes along.
const options = async (form, names) => {
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  for (const name of names) {
    body.set(name, document.querySelector(`[name="${name}"]`)?.value ?? "");
  }
  const response = await fetch(form.dataset.passkeyOptions, { method: "POST", body });
  if (!response.ok) throw refusal(response.status);
  return response.json();
};

const stop = () => {
  waiting?.abort();
  waiting = null;
};

const ask = async (form, names, more = {}) => {
  const json = await options(form, names);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: creation(json), ...more })
      : await navigator.credentials.get({ publicKey: wish(json), ...more });
  return written(credential);
};

// Says one of the sentences that stand hidden in the form.
const say = (form, name) => {
  const told = [...form.querySelectorAll("[data-passkey-trouble]")];
  const fits = told.find((each) => each.dataset.passkeyTrouble.split(" ").includes(name));
  for (const each of told) each.hidden = each !== (fits ?? told.at(-1));
};

const quiet = (form) => {
  for (const each of form.querySelectorAll("[data-passkey-trouble]")) each.hidden = true;
};

const send = (form, answer) => {
  form.elements.credential.value = answer;
  const remember = document.querySelector('input[type="checkbox"][name="remember"]');
  if (form.elements.remember?.type === "hidden") {
    form.elements.remember.value = remember?.checked ? "y" : "";
  }
  // Past the listener for the button, which would ask again.
  HTMLFormElement.prototype.submit.call(form);
};

const asked = async (form, button) => {
  quiet(form);
  stop();
  button.disabled = true;
  try {
    send(form, await ask(form, (form.dataset.passkeyWith ?? "").split(" ").filter(Boolean)));
  } catch (error) {
    say(form, error.name);
    button.disabled = false;
    button.focus();
    offer(form);
  }
};

// Lets the browser offer passkeys where a name is typed, for as long as the page is open.
const offer = async (form) => {
  if (form.dataset.passkeyAutofill === undefined || waiting !== null) return;
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const mine = new AbortController();
  waiting = mine;
  // What the browser is asked to sign is good for five minutes.
  const renewal = setTimeout(() => {
    if (waiting !== mine) return;
    stop();
    offer(form);
  }, RENEWED_EVERY);
  try {
    send(form, await ask(form, [], { mediation: "conditional", signal: mine.signal }));
  } catch {
    // Nobody asked for it, so nobody is told that it did not come to anything.
    if (waiting === mine) waiting = null;
  } finally {
    clearTimeout(renewal);
  }
};

// Tells the keeper of the passkeys which of them are still in use here, and what the person is
// called by now.
const signal = async (told) => {
  const [name, about] = {
    known: [
      "signalAllAcceptedCredentials",
      {
        userId: told.passkeyUser,
        allAcceptedCredentialIds: (told.passkeyIds ?? "").split(" ").filter(Boolean),
      },
    ],
    called: [
      "signalCurrentUserDetails",
      { userId: told.passkeyUser, name: told.passkeyName, displayName: told.passkeyName },
    ],
    unknown: ["signalUnknownCredential", { credentialId: told.passkeyId }],
  }[told.passkeySignal];
  try {
    await PublicKeyCredential[name]?.({ rpId: told.passkeyRp, ...about });
  } catch {
    // It is a kindness to the keeper, and nothing depends on it.
  }
};

const stateOf = (element) => {
  const home = element.dataset.passkeyOrigins.split(" ").includes(location.origin);
  return !able ? "unable" : home ? "able" : "elsewhere";
};

// Offers a passkey where one can be made, and has it noted that this was done.
const propose = (card) => {
  if (stateOf(card) !== "able") return;
  card.hidden = false;
  const token = card.querySelector('[name="csrf_token"]').value;
  const body = new URLSearchParams({ csrf_token: token });
  fetch(card.dataset.passkeyOffer, { method: "POST", body, keepalive: true }).catch(() => {});
};

const begin = (form) => {
  const state = stateOf(form);
  for (const each of form.querySelectorAll("[data-passkey-if]")) {
    each.hidden = each.dataset.passkeyIf !== state;
  }
  const shown = [...form.querySelectorAll("[data-passkey-if]")].some((each) => !each.hidden);
  if (form.dataset.passkeyAlways === undefined) form.hidden = !shown;
  if (state !== "able") return;
  const button = form.querySelector("[data-passkey-button]");
  button.addEventListener("click", (event) => {
    event.preventDefault();
    asked(form, button);
  });
  offer(form);
};

for (const form of document.querySelectorAll("form[data-passkey]")) begin(form);
for (const card of document.querySelectorAll("[data-passkey-offer]")) propose(card);
if (able) {
  for (const each of document.querySelectorAll("[data-passkey-signal]")) signal(each.dataset);
}
