// OpenLDAP's server on the loopback interface, with a scratch directory and certificates of an authority made for it. A few
// attributes of Active Directory are in its schema, under their own numbers. slapd.conf(5)

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { runToSuccess } from './run-program.ts';
import type { Scratch } from './scratch.ts';
import { untilListening } from './ssh-server.ts';

const SLAPD = '/usr/sbin/slapd';

export const base = 'dc=example,dc=org';
export const people = `ou=people,${base}`;

/** The account that searches. */
export const searcher = { dn: `cn=searcher,${base}`, password: 'finds all' };

/** Somebody in the directory; what is given besides becomes further lines of the entry. */
export interface PersonEntry {
  readonly uid: string;
  /** None, if empty. */
  readonly password: string;
  readonly more?: readonly string[];
  /** What stands before the first comma of the DN; absent: `uid=` and the uid as it is. */
  readonly rdn?: string;
}

/** An authority with a key and a certificate for a server. */
export interface Certificates {
  readonly authority: string;
  readonly key: string;
  readonly certificate: string;
}

/** Makes an authority and a certificate from it for these names, such as `DNS:localhost`. */
export const makeCertificates = async (scratch: Scratch, names: string, days = '2'): Promise<Certificates> => {
  const directory = scratch.directory();
  const inside = (name: string): string => path.join(directory, name);
  const elliptic = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const ofAuthority = ['-keyout', inside('ca.key'), '-out', inside('ca.pem'), '-subj', '/CN=authority'];
  await runToSuccess('openssl', ['req', '-x509', ...elliptic, ...ofAuthority, '-days', '2']);
  await runToSuccess('openssl', [
    ...['req', '-x509', ...elliptic, '-CA', inside('ca.pem'), '-CAkey', inside('ca.key')],
    ...['-keyout', inside('server.key'), '-out', inside('server.pem'), '-subj', '/CN=directory', '-days', days],
    ...['-addext', `subjectAltName=${names}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
  ]);
  return { authority: inside('ca.pem'), key: inside('server.key'), certificate: inside('server.pem') };
};

const schema = `
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'adUser' SUP top AUXILIARY MAY ( userAccountControl $ userPrincipalName ) )
`;

const configOf = (directory: string, { authority, key, certificate }: Certificates): string => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
${schema}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile ${path.join(directory, 'slapd.pid')}
TLSCACertificateFile ${authority}
TLSCertificateFile ${certificate}
TLSCertificateKeyFile ${key}
# Nothing is to be had without encryption, and nothing without a name.
security simple_bind=128
disallow bind_anon
database mdb
maxsize 16777216
suffix "${base}"
directory ${path.join(directory, 'data')}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.base="${searcher.dn}" read by * none
overlay ppolicy
ppolicy_default "cn=policy,${base}"
`;

const lineOf = (type: string, value: string): string => `${type}:: ${Buffer.from(value).toString('base64')}`;

const entryOf = ({ uid, password, more = [], rdn }: PersonEntry): string =>
  [
    lineOf('dn', `${rdn ?? `uid=${uid}`},${people}`),
    ...['objectClass: inetOrgPerson', 'objectClass: adUser', 'sn: x', lineOf('cn', uid), lineOf('uid', uid)],
    ...(password === '' ? [] : [lineOf('userPassword', password)]),
    ...more,
  ].join('\n');

const treeOf = (persons: readonly PersonEntry[], more: readonly string[]): string =>
  `${[
    `dn: ${base}\nobjectClass: dcObject\nobjectClass: organization\no: example\ndc: example`,
    `dn: ${people}\nobjectClass: organizationalUnit\nou: people`,
    `dn: ${searcher.dn}\nobjectClass: person\ncn: searcher\nsn: x\nuserPassword: ${searcher.password}`,
    `dn: cn=policy,${base}\nobjectClass: device\nobjectClass: pwdPolicy\ncn: policy\npwdAttribute: userPassword\npwdLockout: TRUE`,
    ...persons.map(entryOf),
    ...more,
  ].join('\n\n')}\n`;

/** A running server. */
export interface Slapd {
  readonly ldap: string;
  readonly ldaps: string;
  readonly ports: readonly number[];
  readonly certificates: Certificates;
  readonly process: () => ChildProcess;
  /** SIGKILL. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
}

/** Starts one that knows these persons; `more` are further entries, LDIF. Its certificate is for `localhost`. */
export const startSlapd = async (
  scratch: Scratch,
  persons: readonly PersonEntry[],
  options: { readonly certificates?: Certificates; readonly more?: readonly string[] } = {},
): Promise<Slapd> => {
  const directory = scratch.directory();
  mkdirSync(path.join(directory, 'data'));
  const certificates = options.certificates ?? (await makeCertificates(scratch, 'DNS:localhost'));
  const config = path.join(directory, 'slapd.conf');
  writeFileSync(config, configOf(directory, certificates));
  const input = treeOf(persons, options.more ?? []);
  await runToSuccess('/usr/sbin/slapadd', ['-q', '-f', config, '-b', base], { input });
  const ports = [await freePort(), await freePort()];
  const [plain, encrypted] = ports;
  let server: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const end = once(server, 'exit');
    server.kill('SIGKILL');
    await end;
  };
  const start = async (): Promise<void> => {
    const listen = `ldap://127.0.0.1:${plain}/ ldaps://127.0.0.1:${encrypted}/`;
    server = spawn(SLAPD, ['-d', '0', '-f', config, '-h', listen], { stdio: 'ignore' });
    for (const port of ports) await untilListening(port);
  };
  scratch.atEnd(kill);
  await start();
  const running = (): ChildProcess => {
    if (server === undefined) throw new Error('slapd does not run');
    return server;
  };
  return {
    ldap: `ldap://localhost:${plain}`,
    ldaps: `ldaps://localhost:${encrypted}`,
    ...{ ports, certificates, process: running, kill, start },
  };
};
