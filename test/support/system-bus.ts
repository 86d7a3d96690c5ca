// A bus of a test's own, with the policy of a system bus: nobody may own a name or call anybody but what the included files
// allow. dbus-daemon(1)

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Scratch } from './scratch.ts';

/** The policy that Debian's package of the Mandos server brings along. */
const MANDOS_POLICY = '/etc/dbus-1/system.d/mandos.conf';

const configuration = (socket: string, policies: readonly string[]): string => `<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  ${policies.map((file) => `<include>${file}</include>`).join('\n  ')}
</busconfig>
`;

/** Starts it; gives its address. It ends when `scratch` ends. */
export const startSystemBus = async (
  scratch: Scratch,
  policies: readonly string[] = [MANDOS_POLICY],
): Promise<string> => {
  const directory = scratch.directory();
  chmodSync(directory, 0o755);
  const socket = path.join(directory, 'bus');
  const file = path.join(directory, 'bus.conf');
  writeFileSync(file, configuration(socket, policies));
  const bus = spawn('dbus-daemon', [`--config-file=${file}`, '--nofork', '--nopidfile', '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  scratch.atEnd(() => bus.kill('SIGKILL'));
  const ended = once(bus, 'exit').then(() => {
    throw new Error(`dbus-daemon ended; one of these may be missing: ${policies.join(', ')}`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(bus.stdout, 'data'), ended]);
  return `unix:path=${socket}`;
};
