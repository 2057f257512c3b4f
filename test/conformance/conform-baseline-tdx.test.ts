import { expectConformance } from './expect-conformance.ts';

expectConformance('baseline', 'tdx');
