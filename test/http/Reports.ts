/**
 * One report of each kind.
 */
import type { Report } from "../../src/engine/ReportDelivery.ts"

type Reports = { readonly [Kind in Report["kind"]]: Extract<Report, { readonly kind: Kind }> }

export const reports: Reports = {
  "job log": {
    kind: "job log",
    body: {
      requestId: "r",
      jobId: "abcd",
      try: 1,
      name: "greet",
      type: "sh",
      startedAt: 1_795_486_566_242.934,
      finishedAt: 1_795_486_566_255.377,
      state: "COMPLETE",
      exit: 0,
      error: "",
      stdout: "hello <world>\n",
      stderr: ""
    }
  },
  "progress": { kind: "progress", body: { requestId: "r", finishedJobs: 2 } },
  "final state": {
    kind: "final state",
    body: { requestId: "r", state: "COMPLETE", finishedAt: 1_795_486_566_279, finishedJobs: 8 }
  },
  "suspended chain": {
    kind: "suspended chain",
    body: { requestId: "r", jobChain: { requestId: "r", jobs: {}, state: 7 }, totalJobTries: { abcd: 1 }, extra: true }
  }
}
