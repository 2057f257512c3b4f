import { systemNamed, testRules } from './rules.ts';

testRules(systemNamed('dynamic-pools'), [{ mask: '32', device: 'trusted' }]);
