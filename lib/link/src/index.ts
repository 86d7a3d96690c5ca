// Authenticated, encrypted questions and answers over any duplex stream.

export { StreamEndedError } from './client-stream.ts';
export { connectUnix } from './connect-unix.ts';
export { LinkClient, type LinkClientOptions, type LinkState } from './link-client.ts';
export { type LinkEvent, LinkServer, type LinkServerOptions } from './link-server.ts';
export {
  type ListenUnixOptions,
  listenUnix,
  listenUnixSocket,
  type UnixListener,
  type UnixSocketOptions,
} from './listen-unix.ts';
export type { LinkHandler, LinkPeer, LinkRequest, PeerKey } from './peer.ts';
export { makePeerKey, PeerKeyFileError, readPeerKey, readPeerKeys, writePeerKey } from './peer-key.ts';
export { openSerialLine, type SerialLine } from './serial-line.ts';
export { type ServeSerialLineOptions, serveSerialLine } from './serve-serial-line.ts';
export { wayToServer } from './way-to-server.ts';
