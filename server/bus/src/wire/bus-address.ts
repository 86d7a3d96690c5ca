// Where a bus listens, as D-Bus writes it: `unix:path=/run/dbus/system_bus_socket`, several separated by `;`.
// D-Bus specification, "Server Addresses"

/** The paths of the UNIX sockets that an address names, in its order; `undefined` if there is something wrong with it. */
export const parseBusAddress = (address: string): readonly string[] | undefined => {
  const paths = address
    .split(';')
    .filter((part) => part !== '')
    .map(pathOf);
  return paths.length > 0 && paths.every((path) => path !== undefined) ? paths : undefined;
};

const pathOf = (address: string): string | undefined => {
  const [transport, rest] = [address.slice(0, 5), address.slice(5)];
  if (transport !== 'unix:') return undefined;
  const values = new Map(rest.split(',').map((pair) => [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1)]));
  const path = unescaped(values.get('path'));
  if (path !== undefined) return path.startsWith('/') ? path : undefined;
  const name = unescaped(values.get('abstract'));
  return name === undefined || name === '' ? undefined : `\0${name}`;
};

const unescaped = (value: string | undefined): string | undefined => {
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
};
