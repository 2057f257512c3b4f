import { systemNamed, testRules } from '../machines/rules.ts';

testRules(systemNamed('streaming'));
testRules(systemNamed('trusted'));
// Entries stay invalid from the first step of a conversion to the last, on the one platform of these that has entries.
testRules(
  systemNamed('restricted'),
  [],
  ['memory-range: uncertain.entryShared', 'memory-range: uncertain.hostShared'],
);
