/**
 * Job chains for Effect: the domain, the engine, the chain builder and the job types that ship.
 *
 * `jobchain/testing` has what tests of chains are made of.
 *
 * @since 0.1.0
 */
export * as Chain from "./domain/Chain.ts"
export * as DataKeys from "./domain/DataKeys.ts"
export { Ending } from "./domain/Ending.ts"
export { Explanation } from "./domain/Explanation.ts"
export * as Forecast from "./domain/Forecast.ts"
export * as GoDuration from "./domain/GoDuration.ts"
export { Job, JobChain, SuspendedJobChain } from "./domain/JobChain.ts"
export { JobData } from "./domain/JobData.ts"
export { JobLog } from "./domain/JobLog.ts"
export { JobState } from "./domain/JobState.ts"
export { CreateRequest, FinishRequest, JobStatus, Request, RequestProgress } from "./domain/Request.ts"
export * as Retry from "./domain/Retry.ts"
export { RetryPolicy } from "./domain/RetryPolicy.ts"
export { Signal } from "./domain/Signal.ts"
export { Fault, InvalidChain } from "./domain/Validation.ts"
export * as Validation from "./domain/Validation.ts"
export { ChainEvent } from "./engine/ChainEvent.ts"
export { ChainConflict, ChainNotFound, ChainRepo, MultipleChainsDeleted } from "./engine/ChainRepo.ts"
export type { Checkpoint } from "./engine/Checkpoint.ts"
export * as Conditions from "./engine/Conditions.ts"
export * as Interruption from "./engine/Interruption.ts"
export type { JobContext } from "./engine/JobContext.ts"
export { JobFactory, UnknownJobType } from "./engine/JobFactory.ts"
export { JobOutput } from "./engine/JobOutput.ts"
export * as JobReaper from "./engine/JobReaper.ts"
export * as JobResult from "./engine/JobResult.ts"
export * as JobRunner from "./engine/JobRunner.ts"
export * as JobType from "./engine/JobType.ts"
export { InvalidJobArgs, InvalidJobData } from "./engine/JobType.ts"
export * as Limits from "./engine/Limits.ts"
export * as ReaperFactory from "./engine/ReaperFactory.ts"
export type { Report, ReportAnswer } from "./engine/ReportDelivery.ts"
export { ReportDelivery } from "./engine/ReportDelivery.ts"
export { ReportFailed, Reports } from "./engine/Reports.ts"
export {
  JobLogNotFound,
  RequestExists,
  RequestManager,
  RequestManagerUnavailable,
  RequestNotFound,
  RequestStateConflict
} from "./engine/RequestManager.ts"
export type { Resumption } from "./engine/Resumption.ts"
export type { Traverser } from "./engine/Traverser.ts"
export { ChainOver, ShuttingDown, StopFailed } from "./engine/Traverser.ts"
export * as TraverserConfig from "./engine/TraverserConfig.ts"
export { TraverserFactory } from "./engine/TraverserFactory.ts"
export type { TryFailure, TypeRetrying } from "./engine/TypeRetrying.ts"
export { builtIn } from "./jobs/BuiltIn.ts"
export * as ChainBuilder from "./spec/ChainBuilder.ts"
export * as ChainFile from "./spec/ChainFile.ts"
export { ChainFileError } from "./spec/ChainFileError.ts"
export * as ChainGraph from "./spec/ChainGraph.ts"
