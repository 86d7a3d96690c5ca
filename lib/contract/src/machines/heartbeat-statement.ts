// What a heartbeat signs. By itself, without schemas, for machines that only say that they are alive.

const encoder = new TextEncoder();

/** The bytes that a heartbeat signs: a fixed text, a zero byte, the nonce, the machine's name. */
export const heartbeatStatement = (name: string, nonce: Uint8Array): Uint8Array =>
  Buffer.concat([encoder.encode('chatelaine heartbeat v1\0'), nonce, encoder.encode(name)]);
