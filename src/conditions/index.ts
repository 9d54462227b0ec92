/**
 * What reads the conditions of jobs and sequences.
 *
 * @since 0.1.0
 */
export * as CelConditions from "./CelConditions.ts"
