// The facts that a token is bound to, as bytes. Every field carries its length, so that no two different sets of facts are the
// same bytes.

import type { Leader, Surroundings } from './surroundings.ts';

const FORMAT = '2';

/** Encodes the surroundings with `anchor` as the shell, as docs/formats/shell-session.md says. */
export const encodeIdentity = (
  { bootId, machineId, pidNamespace }: Pick<Surroundings, 'bootId' | 'machineId' | 'pidNamespace'>,
  anchor: Leader,
): Buffer => {
  const { pid, startTicks, uid } = anchor;
  const fields = [FORMAT, bootId, machineId, pidNamespace, String(pid), String(startTicks), String(uid)];
  return Buffer.concat(
    fields.flatMap((field) => {
      const bytes = Buffer.from(field);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      return [length, bytes];
    }),
  );
};
