// The server on a real bus, with a keep that writes down what it is asked.

import { createClient, machines, ok, type Refused, refuse, type Transport } from '@chatelaine/contract';
import { silentLog } from '@chatelaine/process';
import { MandosServer } from '../mandos/mandos-server.ts';
import { answerCalls } from '../objects/answer-calls.ts';
import { ObjectError } from '../objects/object-error.ts';
import { BusConnection } from '../wire/bus-connection.ts';
import type { ReceivedMessage } from '../wire/message.ts';
import { machineView } from './machine-view.ts';
import { PrivateBus } from './private-bus.ts';
import { type Ended, runToEnd } from './run-to-end.ts';

export const CLIENT = 'se.recompile.Mandos.Client';

interface Asked {
  readonly operation: string;
  readonly input: unknown;
}

/** The server on a bus of its own; what it asks of the keep is written down and answered with `ok`, or refused. */
export class ServerBench implements AsyncDisposable {
  readonly bus: PrivateBus;
  readonly server: MandosServer;
  readonly asked: Asked[] = [];
  refusal: Refused | undefined;
  /** What the keep shows of any machine after a change; absent if it is gone. */
  shown: Partial<machines.MachineView> | undefined = {};
  mayChange = true;
  readonly #connection: BusConnection;

  private constructor(
    bus: PrivateBus,
    connection: BusConnection,
    answer: (handler: (message: ReceivedMessage) => void) => void,
  ) {
    this.bus = bus;
    this.#connection = connection;
    const transport: Transport = {
      call: async (operation, input) => {
        if (operation === machines.show.name) {
          const { name } = input as { readonly name: string };
          return this.shown === undefined ? refuse('not-found') : ok(machineView(name, this.shown));
        }
        this.asked.push({ operation, input });
        const changed = { changed: true };
        const answers: Readonly<Record<string, unknown>> = { 'machines.approve': { untilUnixMs: 1 } };
        const plain = ['machines.remove', 'machines.vouch', 'machines.check', 'machines.set-secret'];
        return this.refusal ?? ok(answers[operation] ?? (plain.includes(operation) ? {} : changed));
      },
      stream: async () => refuse('unavailable'),
    };
    this.server = new MandosServer({ client: createClient(transport), connection, log: silentLog });
    const authorize = async (): Promise<void> => {
      if (!this.mayChange) throw new ObjectError('AccessDenied', 'no');
    };
    const handler = answerCalls(connection, { find: this.server.find, authorize, log: silentLog });
    answer((message) => void handler(message));
  }

  static async start(): Promise<ServerBench> {
    const bus = await PrivateBus.start();
    let handler: (message: ReceivedMessage) => void = () => undefined;
    const connection = await BusConnection.open([bus.path], {
      call: (message) => handler(message),
      lost: () => undefined,
    });
    return new ServerBench(bus, connection, (given) => {
      handler = given;
    });
  }

  /** dbus-send with the method and its arguments. */
  send(path: string, method: string, ...values: readonly string[]): Promise<Ended> {
    const target = ['--print-reply', '--dest=se.recompile.Mandos', path, method, ...values];
    return runToEnd('dbus-send', [`--bus=${this.bus.address}`, ...target]);
  }

  set(path: string, property: string, value: string): Promise<Ended> {
    return this.send(
      path,
      'org.freedesktop.DBus.Properties.Set',
      `string:${CLIENT}`,
      `string:${property}`,
      `variant:${value}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
    await this.bus[Symbol.asyncDispose]();
  }
}
