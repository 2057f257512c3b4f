import { expectConformance } from './expect-conformance.ts';

expectConformance('v5', 'cca');
