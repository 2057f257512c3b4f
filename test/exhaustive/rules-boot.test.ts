import { systemNamed, testRules } from '../machines/rules.ts';

for (const name of ['boot', 'restricted-init', 'atomic-pools']) testRules(systemNamed(name));
