// Passwords by key and format: generated once, derived when asked for, the same answer for ever.

import { defineModule } from '../../kernel/module.ts';
import { getValue } from './get-value.ts';
import { keepSettings } from './keep-settings.ts';
import { makeValue } from './make-value.ts';
import { moveKeys } from './move-keys.ts';
import { PasswordsContext } from './passwords-context.ts';
import { removeValues } from './remove-values.ts';
import { rollBack } from './roll-back.ts';
import { setValue } from './set-value.ts';
import { showKeys } from './show-keys.ts';
import { showOnce } from './show-once.ts';
import { sweep } from './sweep.ts';

export const passwordsModule = defineModule({
  name: 'passwords',
  requires: [],
  start: (services) => {
    const context = new PasswordsContext(services);
    return {
      operations: [
        getValue(context),
        ...makeValue(context),
        setValue(context),
        ...removeValues(context),
        ...showOnce(context),
        ...showKeys(context),
        rollBack(context),
        ...moveKeys(context),
        ...keepSettings,
      ],
      housekeeping: sweep,
    };
  },
});
