// One code sent 64 times at once over 64 connections, of every kind and through every front of a whole instance: exactly one is
// accepted. `scripts/test --long one-code` does 500 rounds.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Client, hotp, recovery, totp, users, yubiotp } from '@chatelaine/contract';
import { typeCode } from '../../server/keep/src/modules/yubiotp/testing/type-code.ts';
import { oneTimeCode } from '../../server/keep/src/otp/one-time-code.ts';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { connectAs } from '../support/instance-link.ts';
import { Scratch } from '../support/scratch.ts';

const ROUNDS = Number(process.env['CHATELAINE_CODE_ROUNDS'] ?? 10);
const AT_ONCE = 64;
const STEP_MS = 30_000;
const FORM = { digits: 6, algorithm: 'sha1' } as const;
const READY = 'READY 1\n';

/** Tries a code at one of {@link AT_ONCE} connections; whether it was accepted. */
type Try = (at: number, code: string) => Promise<boolean>;

const answerOk = (answer: { readonly kind: string; readonly code?: string }): void =>
  assert.equal(answer.code ?? answer.kind, 'ok');

/** A user with a device of their own for each code, where one device makes one code for half a minute. */
class Codes {
  readonly #admin: Client;
  readonly #yubikey = { privateId: randomBytes(6), key: randomBytes(16) };
  readonly #seed = randomBytes(20);
  #counter = 0;
  #presses = 0;
  #users = 0;

  constructor(admin: Client) {
    this.#admin = admin;
  }

  async begin(): Promise<void> {
    await this.#addUser('ada');
    const { user, credential } = { user: 'ada', credential: 'default' };
    const secret = { kind: 'given', value: this.#seed } as const;
    answerOk(await this.#admin.call(hotp.enroll, { user, credential, secret, ...FORM, counter: 0, lookAhead: 10 }));
    const codes = [this.counted().code, this.counted().code];
    answerOk(await this.#admin.call(hotp.confirm, { user, credential, codes }));
    const publicId = 'vvcccccccccb';
    const given = { kind: 'given', ...this.#yubikey } as const;
    answerOk(await this.#admin.call(yubiotp.enroll, { user, publicId, secret: given }));
    answerOk(await this.#admin.call(yubiotp.confirm, { user, publicId, otp: this.typed().code }));
  }

  counted() {
    return { user: 'ada', code: oneTimeCode(this.#seed, this.#counter++, FORM).toString() };
  }

  typed() {
    const presses = this.#presses++;
    const press = { counter: 1 + (presses >> 8), use: presses & 255 };
    return { user: 'ada', code: typeCode('vvcccccccccb', this.#yubikey, press) };
  }

  /** Of a new user, so that nobody has to wait for the next half minute. */
  async timed() {
    const user = await this.#addUser();
    const seed = randomBytes(20);
    const secret = { kind: 'given', value: seed } as const;
    const form = { ...FORM, periodSeconds: 30, window: 1 };
    const credential = 'default';
    answerOk(await this.#admin.call(totp.enroll, { user, credential, secret, ...form }));
    const codeAt = (step: number): string => oneTimeCode(seed, step, FORM).toString();
    const step = Math.floor(Date.now() / STEP_MS);
    answerOk(await this.#admin.call(totp.confirm, { user, credential, codes: [codeAt(step)] }));
    return { user, code: codeAt(step + 1) };
  }

  async onPaper() {
    const user = await this.#addUser();
    const made = await this.#admin.call(recovery.make, { user });
    assert.ok(made.kind === 'ok');
    return { user, code: Buffer.from(made.value.codes[0] ?? []).toString() };
  }

  async #addUser(name = `user${this.#users++}`): Promise<string> {
    answerOk(await this.#admin.call(users.add, { name, fullName: '', groups: [] }, { requestId: randomUUID() }));
    return name;
  }
}

/** A session of the line protocol. */
class Line {
  readonly #socket: Socket;
  #heard = '';
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.#heard += text;
      this.#wake();
    });
  }

  static async open(file: string, token: string): Promise<Line> {
    const socket = connect(file);
    await once(socket, 'connect');
    const line = new Line(socket);
    socket.write(`K2 - ${token}\n`);
    await line.#answer();
    return line;
  }

  async ask(command: string): Promise<string> {
    this.#socket.write(`${command}\n`);
    return await this.#answer();
  }

  close(): void {
    this.#socket.destroy();
  }

  async #answer(): Promise<string> {
    while (!this.#heard.endsWith(READY)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const heard = this.#heard;
    this.#heard = '';
    return heard;
  }
}

suite('one code, 64 times at once over 64 connections', () => {
  const scratch = new Scratch();
  // As many connections as there are requests at once.
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let instance: DevInstance;
  let codes: Codes;
  let token: string;
  let clientId: number;

  const ask = async (target: string, body?: string): Promise<{ readonly status: number; readonly text: string }> => {
    const [host, port] = instance.http.split(':');
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const method = body === undefined ? 'GET' : 'POST';
    const asked = request({ agent, host, port, path: target, method, ...(body !== undefined && { headers }) });
    asked.end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += part;
    return { status: answer.statusCode ?? 0, text };
  };

  const acceptedOnce = async (
    next: () => { code: string } | Promise<{ code: string }>,
    attempt: Try,
  ): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) {
      const { code } = await next();
      const tries = await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => attempt(at, code)));
      assert.equal(tries.filter(Boolean).length, 1, `round ${round}`);
    }
  };

  before(async () => {
    instance = await startDevInstance(scratch);
    codes = new Codes(await connectAs(scratch, instance.dir, 'admin'));
    await codes.begin();
    const grants = ['hotp', 'totp', 'yubiotp', 'recovery'].flatMap((name) => ['--grant', `${name}.verify:**`]);
    token = (await instance.run(['token', 'create', 'door', ...grants])).trim();
    clientId = JSON.parse(await instance.run(['otp', 'client', 'add', '--json'])).id;
  });
  after(async () => {
    agent.destroy();
    await scratch[Symbol.asyncDispose]();
  });

  const verify = async (module: string, input: Readonly<Record<string, string>>): Promise<boolean> => {
    const { status, text } = await ask(`/v1/${module}/verify`, JSON.stringify(input));
    assert.ok(status === 200 || /wrong-code|replayed/.test(text), text);
    return status === 200;
  };

  test('through the HTTP API, by counter, by time, of a YubiKey and on paper', async () => {
    await acceptedOnce(
      () => codes.counted(),
      (_, code) => verify('hotp', { user: 'ada', code }),
    );
    await acceptedOnce(
      () => codes.typed(),
      (_, otp) => verify('yubiotp', { user: 'ada', otp }),
    );
    for (const [module, make] of [
      ['totp', () => codes.timed()],
      ['recovery', () => codes.onPaper()],
    ] as const) {
      let user = '';
      const next = async () => {
        const made = await make();
        user = made.user;
        return made;
      };
      await acceptedOnce(next, (_, code) => verify(module, { user, code }));
    }
  });

  test('in the validation protocol', async () => {
    await acceptedOnce(
      () => codes.typed(),
      async (at, otp) => {
        const nonce = `k${at}`.padEnd(20, 'a');
        const { text } = await ask(`/wsapi/2.0/verify?id=${clientId}&nonce=${nonce}&otp=${otp}`);
        assert.match(text, /^status=(OK|REPLAYED_OTP|REPLAYED_REQUEST)\r$/m);
        return text.includes('status=OK\r');
      },
    );
  });

  test('in the line protocol', async () => {
    const file = path.join(instance.dir, 'run', 'k2.sock');
    const lines = await Promise.all(Array.from({ length: AT_ONCE }, () => Line.open(file, token)));
    scratch.atEnd(() => lines.forEach((line) => void line.close()));
    const attempt = async (at: number, command: string): Promise<boolean> => {
      const heard = (await lines[at]?.ask(command)) ?? '';
      assert.match(heard, /^OK\n|^NOK\n.*(?:wrong-code|replayed)/);
      return heard.startsWith('OK\n');
    };
    await acceptedOnce(
      () => codes.counted(),
      (at, code) => attempt(at, `AUTH HOTP ada ${code}`),
    );
    await acceptedOnce(
      () => codes.typed(),
      (at, code) => attempt(at, `AUTH YUBIOTP ada ${code}`),
    );
    let user = '';
    const next = async () => {
      const made = await codes.timed();
      user = made.user;
      return made;
    };
    await acceptedOnce(next, (at, code) => attempt(at, `AUTH TOTP ${user} ${code}`));
  });
});
