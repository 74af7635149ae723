// Everything here is a comfort: each page does its whole work without scripts.
import { initAll } from './govuk-frontend.min.js';

initAll();

// A page that waits for the service says so in data-poll: the address of its part that changes.
const waiting = document.querySelector('[data-poll]');
const PAUSE = 1500;

async function look() {
  let answer;
  try {
    answer = await fetch(window.location.href, { headers: { Accept: 'text/html' } });
  } catch {
    return true; // out of reach for a moment
  }
  if (!answer.ok || answer.redirected) {
    window.location.reload();
    return false;
  }
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = page.querySelector('[data-poll]');
  if (!fresh) {
    window.location.reload();
    return false;
  }
  if (fresh.dataset.poll !== waiting.dataset.poll) {
    waiting.dataset.poll = fresh.dataset.poll;
    waiting.replaceChildren(...fresh.childNodes);
  }
  return true;
}

function again() {
  window.setTimeout(async () => {
    if (await look()) {
      again();
    }
  }, PAUSE);
}

if (waiting) {
  again();
}
