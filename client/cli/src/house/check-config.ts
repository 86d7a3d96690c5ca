// `chatelaine config check`: each process checks its part itself, since each knows its own modules and fronts.

import { Failure } from '../failure.ts';
import { chooseConfigFile, type GlobalOptions } from '../instance/config-file.ts';
import { readWholeConfig } from '../instance/read-config.ts';
import { printJson, say } from '../terminal/output.ts';
import { runHouseProcess } from './house-process.ts';
import { peerNames } from './house-processes.ts';

export const checkConfig = async (options: GlobalOptions & { readonly json?: boolean }): Promise<void> => {
  const chosen = chooseConfigFile(options);
  const config = readWholeConfig(chosen);
  const args = ['--check-config', ...(chosen === undefined ? [] : ['--config', chosen])];
  let isWrong = false;
  for (const name of ['keep', ...peerNames] as const) {
    if ((await runHouseProcess(name, args)).code !== 0) isWrong = true;
  }
  const where = config.file ?? 'the default configuration';
  if (isWrong) throw new Failure('configuration', `${where} is wrong, as said above.`);
  if (options.json === true) await printJson({ file: config.file ?? null, purpose: config.purpose });
  else say(`${where} is good.`);
};
