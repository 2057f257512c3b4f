import { systemNamed, testRules } from './rules.ts';

for (const name of ['boot', 'restricted-init', 'atomic-pools']) testRules(systemNamed(name));
