import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { machines } from '@chatelaine/contract';
import { type KeyPair, makeKeyPair } from '@chatelaine/rawtls/testing';
import { type StartedKeep, settings, startKeep } from '../../testing/start-keep.ts';

const HOUR_MS = 3_600_000;

const wire = (bytes: Uint8Array | string): Buffer => {
  const content = Buffer.from(bytes as Uint8Array);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(content.length);
  return Buffer.concat([size, content]);
};

/** A person with an Ed25519 key. That such signatures are those of ssh-keygen is shown beside the check of signatures. */
class Person {
  readonly name: string;
  readonly #key: KeyObject;
  readonly #blob: Buffer;

  constructor(name: string, pair: KeyPair = makeKeyPair()) {
    this.name = name;
    this.#key = createPrivateKey(pair.privateKey);
    const raw = createPublicKey(pair.publicKey).export({ format: 'der', type: 'spki' }).subarray(-32);
    this.#blob = Buffer.concat([wire('ssh-ed25519'), wire(raw)]);
  }

  get publicKey(): string {
    return `ssh-ed25519 ${this.#blob.toString('base64')} ${this.name}`;
  }

  sign(text: Uint8Array): Buffer {
    const digest = createHash('sha512').update(text).digest();
    const head = [wire(machines.APPROVAL_NAMESPACE), wire(''), wire('sha512')];
    const signature = sign(null, Buffer.concat([Buffer.from('SSHSIG'), ...head, wire(digest)]), this.#key);
    const version = Buffer.from([0, 0, 0, 1]);
    const inner = Buffer.concat([wire('ssh-ed25519'), wire(signature)]);
    return Buffer.concat([Buffer.from('SSHSIG'), version, wire(this.#blob), ...head, wire(inner)]);
  }
}

const nameThem = async (started: StartedKeep, ...people: readonly Person[]): Promise<void> => {
  for (const { name, publicKey } of people) {
    assert.equal((await started.admin.call(machines.addApprover, { name, publicKey })).kind, 'ok');
  }
};

const asks = (people: readonly Person[], required: number): machines.MachineSettings => ({
  ...settings,
  timeoutMs: 100 * HOUR_MS,
  approvalDelayMs: HOUR_MS,
  approval: { required, approvers: people.map(({ name }) => name) },
});

const codeOf = (answer: { readonly kind: string; readonly code?: string }): string => answer.code ?? answer.kind;

/** The requests that wait, once there are `count`. */
const waiting = async (started: StartedKeep, count = 1) => {
  for (;;) {
    const pending = await started.admin.call(machines.pending, {});
    assert.equal(pending.kind, 'ok');
    if (pending.kind === 'ok' && pending.value.requests.length === count) return pending.value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

type Waiting = Awaited<ReturnType<typeof waiting>>;

const firstOf = ({ requests: [request] }: Waiting): machines.PendingRequest => {
  assert.ok(request);
  return request;
};

const vote = (started: StartedKeep, all: Waiting, person: Person, approve = true, about = firstOf(all)) =>
  started.admin.call(machines.vote, {
    requestId: about.requestId,
    approver: person.name,
    approve,
    signature: person.sign(machines.approvalText(all.storeId, { ...about, approve })),
  });

test('a secret leaves when as many named people as required have signed this very request', async () => {
  await using started = await startKeep();
  await started.unseal();
  const people = ['ada', 'bob', 'eve'].map((name) => new Person(name));
  const [ada, bob] = people as [Person, Person, Person];
  await nameThem(started, ...people);
  const pair = await started.enroll('web1', { settings: asks(people, 2) });
  const fetching = started.fetch(pair);
  const all = await waiting(started);
  assert.deepEqual(await vote(started, all, ada), { kind: 'ok', value: { approvedBy: ['ada'], required: 2 } });
  assert.equal(codeOf(await vote(started, all, ada)), 'replayed', 'one person does not count twice');
  assert.equal((await vote(started, all, bob)).kind, 'ok');
  assert.equal((await fetching).kind, 'ok');
  const why = await started.admin.call(machines.why, { name: 'web1' });
  const facts = why.kind === 'ok' ? why.value.last?.facts : [];
  assert.equal(facts?.find(({ name }) => name === 'approved-by')?.value, 'ada, bob');
});

test('one denial refuses the request', async () => {
  await using started = await startKeep();
  await started.unseal();
  const people = [new Person('ada'), new Person('bob')] as const;
  await nameThem(started, ...people);
  const pair = await started.enroll('web1', { settings: asks(people, 2) });
  const fetching = started.fetch(pair);
  const all = await waiting(started);
  await vote(started, all, people[0]);
  await vote(started, all, people[1], false);
  assert.equal(codeOf(await fetching), 'not-approved');
});

test('an approval counts once: the next request of the same machine waits again', async () => {
  await using started = await startKeep();
  await started.unseal();
  const ada = new Person('ada');
  await nameThem(started, ada);
  const pair = await started.enroll('web1', { settings: asks([ada], 1) });
  const first = started.fetch(pair);
  const all = await waiting(started);
  const about = firstOf(all);
  await vote(started, all, ada);
  assert.equal((await first).kind, 'ok');
  const second = started.fetch(pair);
  const later = await waiting(started);
  assert.equal(codeOf(await vote(started, all, ada)), 'not-found', 'its request is over');
  const swapped = await started.admin.call(machines.vote, {
    ...{ requestId: firstOf(later).requestId, approver: 'ada', approve: true },
    signature: ada.sign(machines.approvalText(all.storeId, { ...about, approve: true })),
  });
  assert.equal(codeOf(swapped), 'bad-proof', 'it was signed for another request');
  await vote(started, later, ada, false);
  assert.equal(codeOf(await second), 'not-approved');
});

test('an approval of another machine, address, key or moment is none', async () => {
  await using started = await startKeep();
  await started.unseal();
  const ada = new Person('ada');
  await nameThem(started, ada);
  const pair = await started.enroll('web1', { settings: asks([ada], 1) });
  const gone = new AbortController();
  const fetching = started.fetch(pair, gone.signal);
  const all = await waiting(started);
  const about = firstOf(all);
  const changes = [
    { name: 'web2' },
    { address: '198.51.100.9' },
    { keyId: '0'.repeat(64) },
    { askedAtUnixMs: about.askedAtUnixMs + 1 },
    { requestId: '0'.repeat(32) },
    { approve: false },
  ];
  for (const change of changes) {
    const text = machines.approvalText(all.storeId, { ...about, approve: true, ...change });
    const input = { requestId: about.requestId, approver: 'ada', approve: true, signature: ada.sign(text) };
    assert.equal(codeOf(await started.admin.call(machines.vote, input)), 'bad-proof', JSON.stringify(change));
  }
  const elsewhere = ada.sign(machines.approvalText('another store', { ...about, approve: true }));
  const input = { requestId: about.requestId, approver: 'ada', approve: true, signature: elsewhere };
  assert.equal(codeOf(await started.admin.call(machines.vote, input)), 'bad-proof');
  gone.abort();
  await fetching;
});

test('nobody approves who is not named, whose name was taken, or with the key that asks', async () => {
  await using started = await startKeep();
  await started.unseal();
  const ada = new Person('ada');
  const machineKey = makeKeyPair();
  const self = new Person('self', machineKey);
  const stranger = new Person('stranger');
  await nameThem(started, ada, self, stranger);
  await started.enroll('web1', { keyId: machineKey.keyId, settings: asks([ada, self], 1) });
  const gone = new AbortController();
  const fetching = started.fetch(machineKey, gone.signal);
  const all = await waiting(started);
  assert.equal(codeOf(await vote(started, all, stranger)), 'not-an-approver');
  assert.equal(codeOf(await vote(started, all, self)), 'not-an-approver', 'self-approval');
  assert.equal(codeOf(await vote(started, all, new Person('ada'))), 'bad-proof', "ada's name, another key");
  gone.abort();
  await fetching;
});

test('a person who is removed, or gets another key, no longer counts for what still waits', async () => {
  await using started = await startKeep();
  await started.unseal();
  const people = [new Person('ada'), new Person('bob')] as const;
  await nameThem(started, ...people);
  const pair = await started.enroll('web1', { settings: asks(people, 2) });
  const gone = new AbortController();
  const fetching = started.fetch(pair, gone.signal);
  const all = await waiting(started);
  await vote(started, all, people[0]);
  await started.admin.call(machines.removeApprover, { name: 'ada' });
  assert.deepEqual(await vote(started, all, people[1]), { kind: 'ok', value: { approvedBy: ['bob'], required: 2 } });
  await nameThem(started, new Person('ada'));
  assert.deepEqual(firstOf(await waiting(started)).approvedBy, ['bob'], 'the old signature was made with the old key');
  gone.abort();
  assert.equal(codeOf(await fetching), 'cancelled');
});

test('without anybody who could approve, nothing leaves', async () => {
  await using started = await startKeep();
  await started.unseal();
  const ada = new Person('ada');
  const zero = { ...asks([ada], 1), approval: { required: 0, approvers: ['ada'] } };
  const nobody = { ...asks([ada], 1), approval: { required: 1, approvers: [] } };
  for (const wrong of [zero, nobody]) {
    const machine = { name: 'web1', keyId: makeKeyPair().keyId, secret: Buffer.from('x'), enabled: true };
    const input = { machines: [{ ...machine, settings: wrong }], replace: false };
    assert.equal(codeOf(await started.admin.call(machines.enroll, input)), 'invalid-input');
  }
  const pair = await started.enroll('web1', { settings: { ...asks([ada], 1), approvedByDefault: true } });
  const fetching = started.fetch(pair);
  await waiting(started);
  started.clock.advance(HOUR_MS);
  await started.admin.call(machines.vouch, { name: 'web1' });
  assert.equal(codeOf(await fetching), 'pending-approval', 'approved by default does not stand in for named people');
});

test('an approval of a request whose time is over does nothing', async () => {
  await using started = await startKeep();
  await started.unseal();
  const ada = new Person('ada');
  await nameThem(started, ada);
  const pair = await started.enroll('web1', { settings: asks([ada], 1) });
  const fetching = started.fetch(pair);
  const all = await waiting(started);
  started.clock.advance(HOUR_MS + 1);
  await started.admin.call(machines.vouch, { name: 'web1' });
  assert.equal(codeOf(await fetching), 'pending-approval');
  assert.equal(codeOf(await vote(started, all, ada)), 'not-found');
});

for (const cut of [machines.disable, machines.remove]) {
  test(`a machine that is cut off by ${cut.name} while it waits gets nothing, approved or not`, async () => {
    await using started = await startKeep();
    await started.unseal();
    const ada = new Person('ada');
    await nameThem(started, ada);
    const pair = await started.enroll('web1', { settings: asks([ada], 1) });
    const fetching = started.fetch(pair);
    const all = await waiting(started);
    await started.admin.call(cut, { name: 'web1' });
    await vote(started, all, ada);
    assert.equal((await fetching).kind, 'refused');
  });
}

test('one decision of an administrator counts for a time, for a machine without named approvers', async () => {
  await using started = await startKeep();
  await started.unseal();
  const slow = { ...settings, approvalDelayMs: HOUR_MS, approvedByDefault: false, approvalDurationMs: 60_000 };
  const pair = await started.enroll('web1', { settings: slow });
  const fetching = started.fetch(pair);
  await waiting(started);
  assert.equal((await started.admin.call(machines.approve, { name: 'web1', approve: true })).kind, 'ok');
  assert.equal((await fetching).kind, 'ok');
  assert.equal((await started.fetch(pair)).kind, 'ok', 'a decision made before it asks counts too');
  await started.admin.call(machines.approve, { name: 'web1', approve: false });
  assert.equal(codeOf(await started.fetch(pair)), 'not-approved');
  started.clock.advance(60_000);
  const gone = new AbortController();
  const again = started.fetch(pair, gone.signal);
  await waiting(started);
  gone.abort();
  await again;
});

test('an administrator cannot stand in for named people', async () => {
  await using started = await startKeep();
  await started.unseal();
  const ada = new Person('ada');
  await nameThem(started, ada);
  await started.enroll('web1', { settings: asks([ada], 1) });
  assert.equal(codeOf(await started.admin.call(machines.approve, { name: 'web1', approve: true })), 'needs-signatures');
});

test('the gate and the watch can neither approve nor see who waits', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('web1');
  for (const client of [started.gate, started.watch]) {
    assert.equal(codeOf(await client.call(machines.approve, { name: 'web1', approve: true })), 'denied');
    assert.equal(codeOf(await client.call(machines.pending, {})), 'denied');
  }
});
