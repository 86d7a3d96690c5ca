// Lists of the keep, read to their end.

import type { Result } from '@chatelaine/contract';
import { failureOf } from '../refused-answer.ts';

const PAGE = 500;

/** A page to ask for. */
export interface PageInput {
  readonly limit: number;
  readonly cursor?: string;
}

/** One page of items. */
export interface PageOf<T> {
  readonly items: readonly T[];
  readonly cursor?: string | undefined;
}

/** Every page of what a module lists; of a module that is not loaded, nothing. */
export const allPages = async <T>(ask: (page: PageInput) => Promise<Result<PageOf<T>>>): Promise<T[]> => {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
    if (page.kind === 'refused') {
      if (page.code === 'unknown-operation') return [];
      throw failureOf(page);
    }
    all.push(...page.value.items);
    cursor = page.value.cursor;
  } while (cursor !== undefined);
  return all;
};
