/**
 * toposort for the order and p-limit for the running, the pair that people put together by hand: each job waits for the
 * promises of its parents, and is then given to a limit, which is none.
 *
 * Configuration: the ids, edges and parents. Timed: sorting and running.
 */
import pLimit from "p-limit"
import toposort from "toposort"
import * as Graph from "../Graph.ts"
import type { Contestant } from "../GraphWorkload.ts"
import { PromiseJob } from "./PromiseJob.ts"

export const contestant: Contestant = ({ graphs, work }) => {
  const tables = graphs.map(tableOf)
  return {
    open: () => {
      const job = new PromiseJob(work)
      return { run: () => Promise.all(tables.map((table) => runTable(table, job.run))), close: () => job.count }
    }
  }
}

interface Table {
  readonly ids: ReadonlyArray<string>
  readonly edges: ReadonlyArray<[string, string]>
  readonly parentsOf: ReadonlyMap<string, ReadonlyArray<string>>
}

const tableOf = (graph: Graph.Graph): Table => {
  const ids = Graph.idsOf(graph)
  const parents = ids.map((_, job) => Array.from(Graph.parentsOf(graph, job), (parent) => ids[parent] as string))
  return {
    ids,
    edges: ids.flatMap((id, job) => (parents[job] ?? []).map((parent): [string, string] => [parent, id])),
    parentsOf: new Map(ids.map((id, job) => [id, parents[job] ?? []]))
  }
}

const runTable = ({ edges, ids, parentsOf }: Table, run: () => Promise<void>): Promise<unknown> => {
  const limit = pLimit(Number.POSITIVE_INFINITY)
  const done = new Map<string, Promise<void>>()
  for (const id of toposort.array(ids, edges)) {
    const parents = (parentsOf.get(id) ?? []).map((parent) => done.get(parent))
    done.set(id, Promise.all(parents).then(() => limit(run)))
  }
  return Promise.all(done.values())
}
