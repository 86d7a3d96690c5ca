// What systemd wants from a socket. It says so in the name that it binds its own end to, an abstract one: random digits, then
// "/cryptsetup/VOLUME" or "/unit/UNIT/ID". crypttab(5), "AF_UNIX Key Files"; systemd.exec(5), LoadCredential=

/** The key of a volume, or the credential of a service. */
export type WantedSecret =
  | { readonly kind: 'volume'; readonly volume: string }
  | { readonly kind: 'credential'; readonly unit: string; readonly id: string };

/** Reads the name, without the zero byte at its beginning; `undefined` if it is none of systemd's. */
export const parsePeerName = (name: string): WantedSecret | undefined => {
  const volume = /^[0-9a-f]{1,16}\/cryptsetup\/([^/]+)$/.exec(name)?.[1];
  if (volume !== undefined) return { kind: 'volume', volume };
  const [, unit, id] = /^[0-9a-f]{1,16}\/unit\/([^/]+)\/([^/]+)$/.exec(name) ?? [];
  return unit === undefined || id === undefined ? undefined : { kind: 'credential', unit, id };
};

/** As it stands in messages. */
export const describeWanted = (wanted: WantedSecret): string =>
  wanted.kind === 'volume' ? `the key of volume ${wanted.volume}` : `${wanted.id} of ${wanted.unit}`;
