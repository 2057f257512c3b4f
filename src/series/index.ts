/** The patches, platforms and options as plain data, and the reviewed list of known findings. */
export * from './findings.ts';
export * from './options.ts';
export * from './patches.ts';
export * from './platforms.ts';
