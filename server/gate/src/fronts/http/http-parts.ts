// Everything that the front answers by itself: one line each.

import { apiPart } from './api-part.ts';
import { healthPart } from './health-part.ts';
import type { HttpPart } from './http-context.ts';
import { metricsPart } from './metrics-part.ts';

export const httpParts: readonly HttpPart[] = [apiPart, healthPart, metricsPart];
