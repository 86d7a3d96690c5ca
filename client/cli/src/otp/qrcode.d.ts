// The part of `qrcode` that is used: what computes a code. It draws nothing and reads no file.

declare module 'qrcode/lib/core/qrcode.js' {
  interface Modules {
    readonly size: number;
    /** One byte a module, row by row; 1 is dark. */
    readonly data: Uint8Array;
  }
  const qrcode: {
    create(text: string, options: { readonly errorCorrectionLevel: 'M' }): { readonly modules: Modules };
  };
  export = qrcode;
}
