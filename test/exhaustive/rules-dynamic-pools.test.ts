import { systemNamed, testRules } from '../machines/rules.ts';

testRules(systemNamed('dynamic-pools'), [{ mask: '32', device: 'trusted' }]);
