/**
 * What tests of chains are made of: chains from a drawing, scripted jobs, a rig that moves the clock, contract suites.
 *
 * None of it belongs to a test framework.
 *
 * @since 0.1.0
 */
export { chainOf } from "./ChainDrawing.ts"
export * as ChainRepoSuite from "./ChainRepoSuite.ts"
export { checkpointOf } from "./CheckpointOf.ts"
export * as RequestManagerSuite from "./RequestManagerSuite.ts"
export * as Rig from "./Rig.ts"
export { ScriptedJobs } from "./ScriptedJobs.ts"
