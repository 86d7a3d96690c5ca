// Every password format behind one interface.

export { formats, identifyFormats } from './formats.ts';
export type {
  Derived,
  DeriveRequest,
  FormatOptions,
  FormatRefusalCode,
  FormatRefused,
  ImportRequest,
  IssuedCertificate,
  PasswordFormat,
  Rendered,
  Rendering,
  StoredAuthority,
  Verdict,
  VerifyContext,
} from './password-format.ts';
