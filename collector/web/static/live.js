// Makes pages fresher and filters quicker. Without it everything still works by plain links and forms.
"use strict";

/** Fetches an address and puts the parts of the answer that carry data-part in the place of ours; open details stay open. */
async function refresh(address) {
  const reply = await fetch(address, { headers: { accept: "text/html" } });
  // The session has ended: what stands here would grow old under a new time. A reload leads to the way in, and back here.
  if (new URL(reply.url).pathname === "/login") return location.reload();
  if (!reply.ok) return;
  const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
  const open = new Set([...document.querySelectorAll("details[open][id]")].map(({ id }) => id));
  let isWhole = true;
  for (const part of document.querySelectorAll("[data-part]")) {
    const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!next || part.contains(document.activeElement)) {
      isWhole = false;
      continue;
    }
    for (const details of next.querySelectorAll("details[id]")) details.open = open.has(details.id);
    part.replaceWith(document.adoptNode(next));
  }
  // What a reader's hand is on stays as it was, and so does the time over it.
  if (!isWhole) return;
  const [status, nextStatus] = [document.querySelector(".live"), fresh.querySelector(".live")];
  if (status && nextStatus) status.textContent = nextStatus.textContent;
  document.body.dataset.offline = fresh.body.dataset.offline ?? "";
}

const stream = document.body.dataset.live;
if (stream) {
  const source = new EventSource(stream);
  let seen;
  source.addEventListener("revision", ({ data }) => {
    if (seen !== undefined && seen !== data) void refresh(location.href).catch(() => {});
    seen = data;
  });
  source.addEventListener("error", () => {
    const status = document.querySelector(".live");
    if (status) status.textContent = document.body.dataset.offline;
  });
  source.addEventListener("open", () => {
    if (seen !== undefined) void refresh(location.href).catch(() => {});
  });
  addEventListener("pagehide", () => source.close());
}

for (const form of document.querySelectorAll("form[data-instant]")) {
  let timer;
  const apply = () => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    const address = `${form.getAttribute("action")}${query.size > 0 ? `?${query}` : ""}`;
    history.replaceState(null, "", address);
    void refresh(address).catch(() => {});
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 250);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    apply();
  });
}

// A second press while the first is on its way would file everything twice, and lose what is shown once. A page that comes back may send again.
for (const form of document.querySelectorAll('form[method="post"]')) {
  let isSent = false;
  form.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault();
    isSent = true;
  });
  addEventListener("pageshow", () => {
    isSent = false;
  });
}

// A one-time link carries its code behind the "#": from there it goes into its field, and out of the address and the history.
for (const form of document.querySelectorAll("form[data-from-hash]")) {
  if (location.hash.length < 2) continue;
  form.elements[form.dataset.fromHash].value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
}

// A proof file is hashed here and stays here: only its hash is sent. Browsers hash over https and at the machine itself alone.
for (const file of document.querySelectorAll("input[data-sha256]")) {
  if (!globalThis.crypto?.subtle) continue;
  file.closest("label").hidden = false;
  file.addEventListener("change", async () => {
    const field = document.getElementById(file.dataset.sha256);
    field.value = "";
    const [chosen] = file.files;
    if (!chosen) return;
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await chosen.arrayBuffer()));
    if (file.files[0] === chosen) field.value = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  });
}

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
