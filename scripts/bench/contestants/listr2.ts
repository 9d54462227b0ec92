/**
 * listr2 with its silent renderer. It knows lists and lists in lists, no graphs: a graph is a list of its levels, each of
 * which runs its jobs at once, so that a job waits for more than its parents.
 *
 * Configuration: the list of tasks. Timed: making the `Listr` of it and running that, as its documentation does in one go.
 */
import { Listr, type ListrGetRendererClassFromValue, type ListrTask } from "listr2"
import * as Graph from "../Graph.ts"
import type { Contestant } from "../GraphWorkload.ts"
import { PromiseJob } from "./PromiseJob.ts"

type Task = ListrTask<unknown, ListrGetRendererClassFromValue<"silent">>

export const contestant: Contestant = ({ graphs, work }) => {
  const levels = graphs.map(Graph.levelsOf)
  return {
    open: () => {
      const job = new PromiseJob(work)
      const lists = levels.map((levelsOfGraph) => levelsOfGraph.map((level) => taskOf(level, job.run)))
      return {
        run: () => Promise.all(lists.map((tasks) => new Listr(tasks, { renderer: "silent" }).run())),
        close: () => job.count
      }
    }
  }
}

const taskOf = (level: ReadonlyArray<number>, run: () => Promise<void>): Task => {
  const tasks = level.map((job): Task => ({ title: Graph.idOf(job), task: run }))
  const [only, ...others] = tasks
  if (only !== undefined && others.length === 0) return only
  return { title: "level", task: (_, task) => task.newListr(tasks, { concurrent: true }) }
}
