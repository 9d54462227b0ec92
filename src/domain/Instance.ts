/**
 * An instance of a fan-out: the jobs of its template, made for one item.
 *
 * Ids are put together from the id of the job before all instances, the item's key in brackets, and the job's id in the
 * template: `host` and `db-01` and `.stop` make `host[db-01].stop`. Fan-outs in the template stay templates, of which each
 * instance makes its own.
 *
 * @since 0.1.0
 */
import * as Graph from "./Graph.ts"
import type { Item } from "./Items.ts"
import type { Each, Job, Template } from "./JobChain.ts"
import * as Substitution from "./Substitution.ts"

/** What all instances of a fan-out are made in. */
export interface Mould {
  /** The id of the job before them all. */
  readonly begin: string
  /** The key of the item in the instance's data, and the variable that stands for it in args. */
  readonly variable: string
  /** The jobs of the template and what comes after what. */
  readonly graph: Graph.Graph
  /** Indices of the first and the last job. */
  readonly first: number
  readonly last: number
}

/** Where instances are made of a template. */
export interface Origin extends Pick<Mould, "begin" | "variable"> {
  /** Valid: with one first and one last job. */
  readonly template: Template
}

export type InstanceJob = Job & { readonly id: string; readonly name: string }

/** Returns the mould of a fan-out. */
export const mould = ({ begin, template, variable }: Origin): Mould => {
  const graph = Graph.make(template)
  const jobs = [...graph.ids.keys()]
  return {
    begin,
    variable,
    graph,
    first: jobs.find((job) => Graph.degree(graph.previous, job) === 0) ?? 0,
    last: jobs.find((job) => Graph.degree(graph.next, job) === 0) ?? 0
  }
}

/** Returns the jobs of the instance for an item, in the order of the mould's graph. */
export const jobsOf = ({ begin, first, graph, variable }: Mould, { key, value }: Item): ReadonlyArray<InstanceJob> => {
  const maker: Maker = { prefix: `${begin}[${key}]`, own: graph.indexOf, binding: { variable, value } }
  return graph.jobs.map((job, index) => {
    const id = idOf(begin, key, graph.ids[index] as string)
    const filled = fill(maker, job)
    const made = { ...filled, id, name: filled.name ?? id }
    return index === first ? { ...made, item: { [variable]: value } } : made
  })
}

/** Returns the id of a job of an instance; `part` is its id in the template. */
export const idOf = (begin: string, key: string, part: string): string => `${begin}[${key}]${part}`

/** Returns what comes right after what in an instance, by indices in the mould's graph. */
export const edgesOf = ({ graph: { ids, next } }: Mould): ReadonlyArray<readonly [from: number, to: number]> =>
  [...ids.keys()].flatMap((from) => Array.from(Graph.neighbours(next, from), (to) => [from, to] as const))

/** Returns the fields of the item that the jobs of a fan-out ask for, each once. */
export const fieldsAsked = ({ graph, variable }: Mould): ReadonlySet<string> => new Set(fieldsOf(graph.jobs, variable))

const fieldsOf = (jobs: ReadonlyArray<Job>, variable: string): ReadonlyArray<string> =>
  jobs.flatMap(({ args, each, name }) => [
    ...Substitution.fieldsAsked([args, name], variable),
    ...(each?.as === variable ? [] : fieldsOf(Object.values(each?.template?.jobs ?? {}), variable))
  ])

interface Maker {
  readonly prefix: string
  /** The jobs of the template, which other jobs name in their `sequenceId`. */
  readonly own: Pick<ReadonlyMap<string, unknown>, "has">
  /** `undefined` where an inner item of the same name stands before this one. */
  readonly binding: Substitution.Binding | undefined
}

/** What a template says of the sequence around it names a job outside, and stays as it is. */
const fill = (maker: Maker, job: Job): Job => {
  const { binding, own, prefix } = maker
  const { args, each, name, sequenceId } = job
  return {
    ...job,
    ...(args && binding && { args: Substitution.substitute(args, binding) as NonNullable<Job["args"]> }),
    ...(name && binding && { name: textOf(Substitution.substitute(name, binding)) }),
    ...(sequenceId && own.has(sequenceId) ? { sequenceId: prefix + sequenceId } : {}),
    ...(each?.template && { each: { ...each, template: fillTemplate(maker, each, each.template) } })
  }
}

const fillTemplate = ({ binding, own, prefix }: Maker, { as }: Each, { jobs, ...rest }: Template): Template => {
  const inner = jobs ?? {}
  const maker: Maker = {
    prefix,
    own: { has: (id) => own.has(id) && !Object.hasOwn(inner, id) },
    binding: binding?.variable === as ? undefined : binding
  }
  return { ...rest, jobs: Object.fromEntries(Object.entries(inner).map(([part, job]) => [part, fill(maker, job)])) }
}

const textOf = (value: unknown): string => typeof value === "string" ? value : JSON.stringify(value) ?? ""
