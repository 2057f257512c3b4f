import { systemNamed, testRules } from './rules.ts';

for (const name of ['restricted', 'trusted']) testRules(systemNamed(name));
// Without a pool of its own a device of pKVM bounces in the default one.
testRules(systemNamed('streaming'), [{ 'restricted-pool': 'off', swiotlb: 'noforce' }]);
