// The base64 of crypt(3): least significant bits first, `./0-9A-Za-z`, and the bytes in an order of each method's own.

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Encodes groups of up to three bytes of `digest`, named by their places, the most significant first. */
export const cryptBase64 = (digest: Uint8Array, groups: readonly (readonly number[])[]): string =>
  groups
    .map((places) => {
      let bits = places.reduce((value, place) => (value << 8) | (digest[place] ?? 0), 0);
      let encoded = '';
      for (let count = places.length + 1; count > 0; count--) {
        encoded += alphabet.charAt(bits & 63);
        bits >>>= 6;
      }
      return encoded;
    })
    .join('');
