// A virtual machine with Debian's kernel and a serial line for its console, which is read and typed at. Without hardware support qemu
// emulates the processor, which takes some ten times as long.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runToSuccess } from './run-program.ts';
import type { Scratch } from './scratch.ts';

const FETCH_PATIENCE_MS = 180_000;
const LOOK_EVERY_MS = 100;

/** Where what takes long to fetch and to build is kept. */
export const machineCache = path.join(
  process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'),
  'chatelaine-test/vm',
);

/** Debian's kernel, unpacked below {@link machineCache}: `vmlinuz`, `kernel/` and a static `busybox`. */
export const fetchKernel = async (): Promise<void> => {
  await runToSuccess(path.join(import.meta.dirname, 'vm/fetch-kernel.sh'), [machineCache], {
    patienceMs: FETCH_PATIENCE_MS,
  });
};

export interface VirtualMachineOptions {
  readonly initramfs: string;
  /** Raw images, which appear as /dev/vda and so on. */
  readonly disks: readonly string[];
  /** Parameters of its kernel, besides its console. */
  readonly append?: string;
  readonly memoryMiB?: number;
  /** Whether it has a network card: 10.0.2.15 by DHCP, and the loopback interface of this machine at 10.0.2.2. */
  readonly hasNetwork?: boolean;
}

/** A machine that runs. */
export interface VirtualMachine {
  /** Everything its console has shown so far. */
  readonly console: () => string;
  /** Waits until the console has shown something that fits, and throws with the console's text if it never does. */
  readonly shows: (pattern: RegExp, patienceMs: number) => Promise<void>;
  readonly type: (text: string) => void;
  /** Waits until it has switched itself off. */
  readonly ended: (patienceMs: number) => Promise<void>;
}

// A kvm module that builds on no hardware, as in some containers, hangs Debian's kernel.
const hasHardware = (): boolean => existsSync('/sys/module/kvm_intel') || existsSync('/sys/module/kvm_amd');

/** Switches one on. It is switched off when `scratch` ends. */
export const startVirtualMachine = (scratch: Scratch, options: VirtualMachineOptions): VirtualMachine => {
  const { initramfs, disks, append = '', memoryMiB = 1024, hasNetwork = false } = options;
  const accelerated = hasHardware() && existsSync('/dev/kvm');
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-machine', `q35,accel=${accelerated ? 'kvm' : 'tcg'}`, '-cpu', accelerated ? 'host' : 'max'],
      ...['-m', String(memoryMiB), '-nographic', '-no-reboot', '-nodefaults', '-serial', 'stdio'],
      ...['-kernel', path.join(machineCache, 'vmlinuz'), '-initrd', initramfs],
      ...['-append', `console=ttyS0 quiet panic=-1 ${append}`, '-device', 'virtio-rng-pci'],
      ...disks.flatMap((disk) => ['-drive', `file=${disk},format=raw,if=virtio,cache=unsafe`]),
      ...(hasNetwork ? ['-netdev', 'user,id=n0', '-device', 'virtio-net-pci,netdev=n0,romfile='] : []),
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      said += part.toString().replaceAll('\r', '');
    });
  }
  child.stdin.on('error', () => undefined);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  scratch.atEnd(async () => {
    if (hasEnded()) return;
    const end = once(child, 'exit');
    child.kill('SIGKILL');
    await end;
  });
  const until = async (what: string, isSo: () => boolean, patienceMs: number): Promise<void> => {
    const deadline = Date.now() + patienceMs;
    while (!isSo()) {
      if (Date.now() > deadline || hasEnded()) throw new Error(`the machine: ${what} never came\n${said}`);
      await sleep(LOOK_EVERY_MS);
    }
  };
  return {
    console: () => said,
    shows: (pattern, patienceMs) => until(String(pattern), () => pattern.test(said), patienceMs),
    type: (text) => child.stdin.write(text),
    ended: (patienceMs) => until('its end', hasEnded, patienceMs),
  };
};
