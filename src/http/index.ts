/**
 * What speaks HTTP: for now, what a Job Runner tells a Request Manager.
 *
 * @since 0.1.0
 */
export * as HttpReportAnswer from "./HttpReportAnswer.ts"
export * as HttpReportDelivery from "./HttpReportDelivery.ts"
