import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, machines, ok, type RefusalCode, refuse, type Transport } from '@chatelaine/contract';
import { machineView } from '../testing/machine-view.ts';
import { followMachines } from './follow-machines.ts';

/** What the keep pushes over one stream, one after another; a code refuses the stream. */
type Script = readonly machines.MachineEvent[] | RefusalCode;

interface Heard {
  readonly told: readonly string[];
  readonly lists: number;
}

/** Follows through the scripts, one stream each, and stops at the end of the last. */
const follow = async (scripts: readonly Script[], pages: readonly (readonly string[])[] = [['a']]): Promise<Heard> => {
  const stop = new AbortController();
  const told: string[] = [];
  let streams = 0;
  let lists = 0;
  const transport: Transport = {
    call: async (operation, input) => {
      assert.equal(operation, machines.list.name);
      const at = Number((input as { readonly cursor?: string }).cursor ?? 0);
      if (at === 0) lists++;
      const next = at + 1 < pages.length ? { cursor: String(at + 1) } : {};
      return ok({ machines: (pages[at] ?? []).map((name) => machineView(name)), ...next });
    },
    stream: async () => {
      const script = scripts[streams++] ?? 'unavailable';
      if (streams > scripts.length) stop.abort();
      if (typeof script === 'string') return refuse(script);
      return (async function* () {
        yield* script;
        throw new Error('the link is gone');
      })();
    },
  };
  await followMachines({
    client: createClient(transport),
    pauseMs: 0,
    signal: stop.signal,
    listed: async (views) => void told.push(`listed ${views.map(({ name }) => name).join(',')}`),
    happened: async (event) => void told.push(event.kind),
    lost: async (code) => void told.push(`lost ${code}`),
  });
  return { told, lists };
};

const released: machines.MachineEvent = { kind: 'released', name: 'a', address: '192.0.2.1' };

test('all pages are listed after the stream stands, then events follow in order', async () => {
  const { told } = await follow([[{ kind: 'listening' }, released]], [['a', 'b'], ['c']]);
  assert.deepEqual(told, ['listed a,b,c', 'released']);
});

test('after an overrun everything is listed again', async () => {
  const { told, lists } = await follow([[{ kind: 'listening' }, { kind: 'overrun' }, released]]);
  assert.deepEqual(told, ['listed a', 'listed a', 'released']);
  assert.equal(lists, 2);
});

test('a keep that is back at the second attempt was not lost', async () => {
  const { told } = await follow([[{ kind: 'listening' }], [{ kind: 'listening' }]]);
  assert.deepEqual(told, ['listed a', 'listed a']);
});

test('a keep that stays away is lost once, and listed when it is back', async () => {
  const { told } = await follow([
    [{ kind: 'listening' }],
    'unavailable',
    'unavailable',
    'unavailable',
    [{ kind: 'listening' }],
    'unavailable',
    'unavailable',
  ]);
  assert.deepEqual(told, ['listed a', 'lost unavailable', 'listed a', 'lost unavailable']);
});

test('a keep that was never there is lost at once, so that somebody can say so', async () => {
  const { told } = await follow(['sealed', 'sealed']);
  assert.deepEqual(told, ['lost sealed']);
});
