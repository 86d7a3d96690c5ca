import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Hub } from './hub.ts';

async function* nothing(): AsyncGenerator<string> {
  // Nobody has anything to say first.
}

test('a listener hears everything in order, from the moment it listens, and holds nothing more for having heard it', async () => {
  const hub = new Hub<string>();
  const stop = new AbortController();
  const items = hub.listen(nothing(), stop.signal)[Symbol.asyncIterator]();
  for (let round = 0; round < 1_000; round++) {
    const next = items.next();
    hub.tell(String(round));
    assert.equal((await next).value, String(round));
  }
  assert.equal(getEventListeners(stop.signal, 'abort').length, 1);
  stop.abort();
  assert.equal((await items.next()).done, true);
  assert.equal(hub.isHeard, false);
});

test('a listener that is too slow is told that it missed something, or is ended if nothing can tell it', async () => {
  for (const overrun of ['overrun', undefined]) {
    const hub = new Hub<string>(overrun);
    const items = hub.listen(nothing(), new AbortController().signal)[Symbol.asyncIterator]();
    const first = items.next();
    hub.tell('first');
    await first;
    for (let told = 0; told <= 10_000; told++) hub.tell('more');
    const heard: string[] = [];
    for (;;) {
      const next = await items.next();
      if (next.done === true) break;
      heard.push(next.value);
      if (next.value === 'overrun') break;
    }
    assert.equal(heard.at(-1), overrun);
    assert.ok(heard.length <= 10_000);
  }
});
