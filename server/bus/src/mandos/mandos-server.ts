// Mandos's server on the bus: shows the machines of the keep, tells what happens to them, and passes changes on. While the keep
// does not answer, nothing is shown and the name is given back.

import { randomUUID } from 'node:crypto';
import { type Client, type InputOf, machines, type RefusalCode } from '@chatelaine/contract';
import type { Log } from '@chatelaine/process';
import { type Arguments, type Interface, signatureOf } from '../objects/interface-definition.ts';
import { properties } from '../objects/standard-interfaces.ts';
import type { BusConnection } from '../wire/bus-connection.ts';
import type { WireValue } from '../wire/value.ts';
import { changedProperties, clientInterface, type NamedOperation, wireText } from './client-interface.ts';
import { objectsOf } from './find-object.ts';
import { MachineMirror, type MirrorChange, type MirroredMachine } from './machine-mirror.ts';
import { refusalError, rejectionReason } from './refusal-errors.ts';
import {
  clientInterfaceNames,
  interfacesOf,
  objectManager,
  type MandosServer as ServerTarget,
  serverInterface,
} from './server-interface.ts';
import { releaseName, takeName } from './well-known-name.ts';

/** Less than a program on the bus waits for its answer. */
const CHANGE_WITHIN_MS = 20_000;

export interface MandosServerOptions {
  readonly client: Client;
  readonly connection: BusConnection;
  readonly log: Log;
}

export class MandosServer {
  readonly #options: MandosServerOptions;
  readonly #mirror = new MachineMirror();
  #isShown = false;
  /** Finds the objects that are on the bus now. */
  readonly find;

  constructor(options: MandosServerOptions) {
    this.#options = options;
    this.find = objectsOf({
      mirror: this.#mirror,
      ask: (...question) => this.#change(...question),
    } satisfies ServerTarget);
  }

  /** Takes the whole list. Throws `BusError` if the name cannot be had. */
  async list(views: readonly machines.MachineView[]): Promise<void> {
    const { removed, put } = this.#mirror.replace(views);
    if (!this.#isShown) {
      await takeName(this.#options.connection);
      this.#isShown = true;
      this.#options.log.info({ machines: views.length }, 'on the bus');
    }
    for (const machine of removed) await this.#tellRemoved(machine);
    for (const change of put) await this.#tellChange(change);
  }

  /** Takes one event. */
  async take(event: machines.MachineEvent): Promise<void> {
    switch (event.kind) {
      case 'added':
      case 'changed':
        return this.#tellChange(this.#mirror.put(event.machine));
      case 'removed':
        return this.#drop(event.name);
      case 'unknown-key':
        this.#signal('/', serverInterface, 'ClientNotFound', [event.keyId.toUpperCase(), wireText(event.address)]);
        return;
      case 'released':
        return this.#tell(event.name, 'GotSecret', []);
      case 'refused':
        return this.#tell(event.name, 'Rejected', [rejectionReason(event.code)]);
      case 'waiting':
        return this.#tell(event.name, 'NeedApproval', [event.delayMs, event.releasedAtEnd]);
      // As with Mandos, the properties change before the signal.
      case 'check-started':
        await this.#amend(event.name, { checkerRunning: true });
        return this.#tell(event.name, 'CheckerStarted', [wireText(event.command)]);
      case 'check-completed':
        await this.#amend(event.name, { checkerRunning: false, lastCheckerStatus: event.status });
        return this.#tell(event.name, 'CheckerCompleted', [event.status, event.waitStatus, wireText(event.command)]);
      default:
        // That a machine fell silent or ran out of time shows in its properties.
        return;
    }
  }

  /** Takes everything away from the bus, because of what the keep said. */
  async hide(code: RefusalCode): Promise<void> {
    this.#options.log.warn({ code }, 'the keep does not answer: nothing is shown on the bus');
    await this.leave();
  }

  /** Takes everything away from the bus. */
  async leave(): Promise<void> {
    const { removed } = this.#mirror.replace([]);
    if (!this.#isShown) return;
    this.#isShown = false;
    for (const machine of removed) await this.#tellRemoved(machine);
    await releaseName(this.#options.connection);
  }

  /** Asks the keep for a change. What it made of the machine is shown before the change is answered. */
  async #change<O extends NamedOperation>(operation: O, input: InputOf<O>): Promise<void> {
    const { client, log } = this.#options;
    const options = { requestId: randomUUID(), deadlineMs: CHANGE_WITHIN_MS };
    const result = await client.call(operation, input, options);
    if (result.kind === 'refused') {
      // mandos-monitor does not listen for answers: its person would never learn it.
      log.warn({ operation: operation.name, code: result.code }, 'the keep refused a change');
      throw refusalError(result);
    }
    // Taken from the bus meanwhile: there is nobody to show it to.
    if (!this.#isShown) return;
    const { name } = input;
    const shown = await client.call(machines.show, { name }, { deadlineMs: CHANGE_WITHIN_MS });
    if (shown.kind === 'ok') await this.#tellChange(this.#mirror.put(shown.value));
    else if (shown.code === 'not-found') await this.#drop(name);
  }

  /** Changes what an event says of a machine; what else changed with it is told by itself. */
  async #amend(name: string, change: Partial<machines.MachineView>): Promise<void> {
    const machine = this.#mirror.named(name);
    if (machine !== undefined) await this.#tellChange(this.#mirror.put({ ...machine.view, ...change }));
  }

  async #drop(name: string): Promise<void> {
    const machine = this.#mirror.remove(name);
    if (machine !== undefined) await this.#tellRemoved(machine);
  }

  async #tellChange(change: MirrorChange): Promise<void> {
    const { machine } = change;
    const { path } = machine;
    if (change.kind === 'added') {
      this.#signal('/', objectManager, 'InterfacesAdded', [path, interfacesOf(machine)]);
      this.#signal('/', serverInterface, 'ClientAdded', [path]);
    } else {
      const { changed, invalidated } = changedProperties(machine, change.before);
      for (const [name, value] of changed) {
        this.#signal(path, clientInterface, 'PropertyChanged', [name, value]);
        this.#signal(path, properties, 'PropertiesChanged', [clientInterface.name, [[name, value]], []]);
      }
      for (const name of invalidated) {
        this.#signal(path, properties, 'PropertiesChanged', [clientInterface.name, [], [name]]);
      }
    }
    await this.#options.connection.drained();
  }

  async #tellRemoved({ path, name }: MirroredMachine): Promise<void> {
    this.#signal('/', objectManager, 'InterfacesRemoved', [path, clientInterfaceNames]);
    this.#signal('/', serverInterface, 'ClientRemoved', [path, name]);
    await this.#options.connection.drained();
  }

  async #tell(name: string, member: string, values: readonly WireValue[]): Promise<void> {
    const machine = this.#mirror.named(name);
    if (machine !== undefined) this.#signal(machine.path, clientInterface, member, values);
    await this.#options.connection.drained();
  }

  #signal(path: string, definition: Interface<never>, member: string, values: readonly WireValue[]): void {
    const carries: Arguments = definition.signals[member]?.carries ?? [];
    this.#options.connection.signal(path, definition.name, member, signatureOf(carries), values);
  }
}
