// `chatelaine completion`

import { Argument, type Command } from 'commander';
import { action } from './action.ts';

export const registerCompletion = (program: Command): void => {
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .description(
      'Prints a completion script. For bash: source <(chatelaine completion bash). For zsh: ' +
        'chatelaine completion zsh > /usr/local/share/zsh/site-functions/_chatelaine',
    )
    .addArgument(new Argument('<SHELL>', 'bash or zsh').choices(['bash', 'zsh']))
    .action(
      action(async (_options, shell) => {
        const { completionScript } = await import('../completion/completion-script.ts');
        process.stdout.write(completionScript(program, shell === 'zsh' ? 'zsh' : 'bash'));
      }),
    );
};
