// True numbers of an exact table: a worker seals them for this page alone, and only here are they
// opened. The key lives as long as the page; nothing between here and the worker can read them.
const place = document.querySelector('[data-exact-values]');
const PAUSE = 300; // milliseconds between looks
const LOOKS = 200;
const POINT = 65; // bytes
const NONCE = 12;

const CURVE = { name: 'ECDH', namedCurve: 'P-256' };

function say(words) {
  place.querySelector('[role=status]').textContent = words;
}

async function ask(key) {
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', key));
  const form = new FormData();
  form.set('key', Array.from(point, (byte) => byte.toString(16).padStart(2, '0')).join(''));
  form.set('csrf_token', document.querySelector('[name=csrf_token]').value);
  const answer = await fetch(place.dataset.exactValues, { method: 'POST', body: form });
  if (answer.status !== 201) {
    throw new Error('not asked');
  }
  return answer.json();
}

async function fetched(address) {
  for (let look = 0; look < LOOKS; look += 1) {
    const answer = await fetch(address);
    if (answer.status === 200) {
      return new Uint8Array(await answer.arrayBuffer());
    }
    if (answer.status !== 202) {
      throw new Error('nothing to read');
    }
    await new Promise((after) => window.setTimeout(after, PAUSE));
  }
  throw new Error('no answer');
}

async function opened(sealed, pair, about) {
  const bound = new TextEncoder().encode(`tre.exact-values/1/${about}`);
  const theirs = await crypto.subtle.importKey('raw', sealed.slice(0, POINT), CURVE, false, []);
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, pair.privateKey, 256);
  const base = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey']);
  const key = await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: bound },
    base, { name: 'AES-GCM', length: 256 }, false, ['decrypt'],
  );
  const nonce = sealed.slice(POINT, POINT + NONCE);
  const content = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: nonce, additionalData: bound }, key, sealed.slice(POINT + NONCE),
  );
  return JSON.parse(new TextDecoder().decode(content));
}

function number(text) {
  const [whole, rest = ''] = text.split('.');
  const part = rest.replace(/0+$/, '');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (part ? `.${part}` : '');
}

function shown(cell) {
  return number(cell.textContent.trim().replaceAll(',', ''));
}

function beside(cell, words) {
  const span = document.createElement('span');
  span.className = 'tre-true';
  span.textContent = words;
  cell.append(' ', span);
}

function show(view) {
  document.querySelectorAll('[data-cells] tbody tr').forEach((line, row) => {
    line.querySelectorAll('td').forEach((cell, column) => {
      const value = view.columns[column]?.[row];
      const words = typeof value === 'string' ? number(value) : 'none';
      if (words !== shown(cell)) beside(cell, `true: ${words}`);
    });
  });
  view.rules.forEach((one) => {
    document.querySelectorAll('[data-measured]').forEach((cell) => {
      if (cell.dataset.column === one.column && cell.dataset.rule === one.rule) {
        const measured = [...one.measured, ...(one.more ? ['…'] : [])].join(', ');
        if (measured) beside(cell, `measured: ${measured}`);
        if (one.closest) beside(cell, `nearest that is shown: ${number(one.closest)}`);
      }
    });
  });
}

async function look(button) {
  button.disabled = true;
  say('A worker opens them …');
  try {
    const pair = await crypto.subtle.generateKey(CURVE, false, ['deriveBits']);
    const { about, answer } = await ask(pair.publicKey);
    show(await opened(await fetched(answer), pair, about));
    button.remove();
    say('True numbers stand beside what would leave where they differ, on this page only.');
  } catch {
    button.disabled = false;
    say('They could not be shown. Try again, or tell whoever runs the service.');
  }
}

if (place && window.crypto?.subtle) {
  place.hidden = false;
  const button = place.querySelector('button');
  button.addEventListener('click', () => look(button));
}
