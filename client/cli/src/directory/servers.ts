// `chatelaine ldap …`: the servers of the directory, and the account that searches in it.

import { ldap } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { readPassPhrase } from '../terminal/secret-input.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';

const words: Readonly<Record<ldap.DirectoryProblem, string>> = {
  unreachable: 'cannot be reached',
  'timed-out': 'does not answer in time',
  'no-tls': 'does not speak TLS',
  untrusted: 'shows a certificate that is not from the authority in ldap.ca_file',
  'wrong-name': 'shows a certificate for another name than the one in ldap.servers',
  'certificate-expired': 'shows a certificate that is not valid today',
  'ca-file': 'cannot be judged: ldap.ca_file',
  'bind-refused': 'refuses ldap.search_as with its password',
  'no-bind-password': 'cannot be searched: ldap.search_as has no password here; chatelaine ldap bind-password',
  'base-not-found': 'has no ldap.search_base that ldap.search_as may see',
  refused: 'refuses',
  'broken-off': 'breaks the connection off',
  malformed: 'says what is no LDAP',
};

export const testServers = (options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const { servers } = answerOf(await client.call(ldap.test, {}));
    if (options.json === true) await printJson(servers);
    else {
      const rows = servers.map(({ server, problem, detail, tookMs }) => [
        ...[server, problem === undefined ? 'good' : problem],
        problem === undefined
          ? `answered in ${tookMs} ms`
          : `${words[problem]}${detail === undefined ? '' : ` (${detail})`}`,
      ]);
      await print(
        formatTable([{ title: 'SERVER' }, { title: 'STATE' }, { title: '', isFlexible: true }], rows, terminalWidth()),
      );
    }
    const bad = servers.filter(({ problem }) => problem !== undefined).length;
    if (bad > 0) throw new Failure('refused', `Of ${servers.length} servers ${bad} cannot be used.`);
  });

export const setBindPassword = (options: GlobalOptions & { readonly remove?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const isRemoved = options.remove === true;
    const password = isRemoved
      ? Buffer.alloc(0)
      : await readPassPhrase({ name: 'password of ldap.search_as', isNew: false });
    try {
      answerOf(await client.call(ldap.setBindPassword, { password }));
      say(isRemoved ? 'It is taken away.' : 'It is kept; chatelaine ldap test tries it.');
    } finally {
      password.fill(0);
    }
  });
