import { test } from 'vitest';
import { setting } from '../decide/settings.ts';
import { expectRememberedAsWalked } from '../decide/walked-anew.ts';

test('a remembered decision is the one that a walk of its own comes to', () => {
  expectRememberedAsWalked([
    setting('v5', 'cca', { mask: '32' }),
    setting('prefix:9', 'sme', { swiotlb: 'force' }),
    setting('baseline', 'plain', { remap: 'on', coherence: 'non-coherent' }),
    setting('v5', 'tdx', { iommu: 'on' }),
    setting('v5', 'plain', { xen: 'on' }),
  ]);
});
