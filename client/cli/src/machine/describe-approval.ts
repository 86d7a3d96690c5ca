// Who has to approve or to give a code, in words.

import type { machines } from '@chatelaine/contract';

/** `2 of anna, ben, cara`; `anna` if it is only one. */
export const describeApproval = ({ required, approvers }: machines.ApprovalRule): string =>
  approvers.length === 1 ? approvers.join() : `${required} of ${approvers.join(', ')}`;

/** `anna or group:ops` */
export const describeCodeRule = ({ users, groups }: machines.CodeRule): string =>
  [...users, ...groups.map((group) => `group:${group}`)].join(' or ');
