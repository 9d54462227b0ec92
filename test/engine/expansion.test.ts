/**
 * Fan-outs over lists that jobs make while the chain runs: the jobs of their instances belong to the chain like any others.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result, Stream } from "effect"
import type { JobChain, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import type { ChainEvent } from "../../src/engine/ChainEvent.ts"
import * as ChainFile from "../../src/spec/ChainFile.ts"
import { type Behaviour, ScriptedJobs } from "../../src/testing/ScriptedJobs.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

/** A chain file of scripted jobs, as a chain. */
const chainOf = (text: string): JobChain => {
  const { jobChain } = Result.getOrThrow(ChainFile.parse(text, { file: "chain.yaml" }))
  return { ...jobChain, requestId: "r" }
}

const hosts = chainOf(`jobs:
  list: { run: list }
  host:
    needs: list
    each: { of: hosts, as: host }
    retry: 1
    sequence: { stop: { run: stop }, start: { needs: stop, run: start } }
  done: { needs: host, run: done }
`)

type Behaviours = Readonly<Record<string, ReadonlyArray<Behaviour>>>

const benchOf = Effect.fnUntraced(function*(behaviours: Behaviours) {
  const jobs = new ScriptedJobs({ behaviours })
  const sent = new Bench.Sent()
  const bench = yield* Bench.make({ jobs: jobs.layer, sent })
  return { bench, jobs, sent, called: () => jobs.calls.map(({ jobId }) => jobId) }
})

const withHosts = (...list: ReadonlyArray<unknown>): ReadonlyArray<Behaviour> => [{ set: { hosts: list } }]

describe("a list that a job makes", () => {
  itYielding("is expanded to an instance for each item, which runs like any other jobs", () =>
    Effect.gen(function*() {
      const { bench, called, jobs, sent } = yield* benchOf({ list: withHosts("a", "b") })
      const { finishedJobs, state } = yield* bench.run(hosts)
      assert.deepStrictEqual([state, finishedJobs], ["COMPLETE", 8])
      assert.deepStrictEqual(called(), [
        "list",
        "host",
        "host[a].stop",
        "host[b].stop",
        "host[a].start",
        "host[b].start",
        "host.end",
        "done"
      ])
      const seen = jobs.calls.filter(({ jobId }) => jobId.endsWith("start")).map(({ data }) => data.host)
      assert.deepStrictEqual(seen, ["a", "b"])
      assert.deepStrictEqual(sent.logs.map(({ jobId }) => jobId), called())
    }))

  itYielding("that is empty goes on to what comes after", () =>
    Effect.gen(function*() {
      const { bench, called } = yield* benchOf({ list: withHosts() })
      const { finishedJobs, state } = yield* bench.run(hosts)
      assert.deepStrictEqual([state, finishedJobs, called()], ["COMPLETE", 4, ["list", "host", "host.end", "done"]])
    }))

  itYielding("has one instance that fails tried again by itself", () =>
    Effect.gen(function*() {
      const { bench, called } = yield* benchOf({
        list: withHosts("a", "b"),
        "host[a].start": [{ state: "FAIL", milliseconds: 5 }, {}]
      })
      const { state } = yield* bench.run(hosts)
      assert.deepStrictEqual([state, called()], ["COMPLETE", [
        "list",
        "host",
        "host[a].stop",
        "host[b].stop",
        "host[a].start",
        "host[b].start",
        "host[a].stop",
        "host[a].start",
        "host.end",
        "done"
      ]])
    }))

  itYielding("has the others go on where one instance fails for good", () =>
    Effect.gen(function*() {
      const { bench, called } = yield* benchOf({
        list: withHosts("a", "b"),
        "host[a].stop": [{ state: "FAIL" }],
        "host[b].stop": [{ milliseconds: 5 }]
      })
      const { finishedJobs, state } = yield* bench.run(hosts)
      assert.deepStrictEqual([state, finishedJobs, called().at(-1)], ["FAIL", 4, "host[b].start"])
    }))

  it.effect.each<[unknown, string]>([
    [undefined, "expected a list, got nothing"],
    ["a, b", "expected a list, got a text that is no list in JSON"],
    [
      ["a", "b", "a", "a"],
      `item 3: "a" names the item with number 1, too; item 4: "a" names the item with number 3, too`
    ],
    [Array.from({ length: 10_001 }, (_, index) => index), "expected at most 10000 items, got 10001"]
  ])("that does not fit fails the job that begins the instances: %s", ([list, message]) =>
    Effect.gen(function*() {
      const { bench, called, sent } = yield* benchOf({ list: [{ set: { hosts: list } }] })
      const { state } = yield* bench.run(hosts)
      assert.deepStrictEqual([state, called()], ["FAIL", ["list", "host"]])
      assert.deepInclude(sent.logs[1], {
        jobId: "host",
        state: "FAIL",
        exit: 1,
        error: `the list "hosts" does not fit: ${message}`
      })
    }))

  it.effect("can be a text that is a list in JSON, as commands say it", () =>
    Effect.gen(function*() {
      const { bench } = yield* benchOf({ list: [{ set: { hosts: "[\"a\"]" } }] })
      assert.strictEqual((yield* bench.run(hosts)).finishedJobs, 6)
    }))

  it.effect("can be of a data key that an earlier fan-out has used for its items", () =>
    Effect.gen(function*() {
      const chain = chainOf(`jobs:
  one: { each: { of: hosts, as: host }, run: x }
  two: { needs: one, each: { of: hosts, as: host }, run: x }
`)
      const { bench, jobs } = yield* benchOf({ one: withHosts("a", "b") })
      yield* bench.run(chain)
      const seen = jobs.calls.filter(({ jobId }) => jobId.includes("[")).map(({ data, jobId }) => [jobId, data.host])
      assert.deepStrictEqual(seen, [["one[a]", "a"], ["one[b]", "b"], ["two[a]", "a"], ["two[b]", "b"]])
    }))

  it.effect("can be made in each instance of an outer one", () =>
    Effect.gen(function*() {
      const chain = chainOf(`jobs:
  host:
    each: { of: hosts, as: host, key: name }
    sequence:
      look: { run: look }
      disk: { needs: look, each: { of: disks, as: disk }, type: check, args: { of: "\${host.name}/\${disk}" } }
`)
      const { bench, called } = yield* benchOf({
        host: withHosts({ name: "a" }, { name: "b" }),
        "host[a].look": [{ set: { disks: [1, 2] } }],
        "host[b].look": [{ set: { disks: [] } }]
      })
      const traverser = yield* bench.make(chain)
      yield* bench.rig.run(traverser.run)
      assert.sameMembers([...called()], [
        "host",
        "host[a].look",
        "host[b].look",
        "host[a].disk",
        "host[b].disk",
        "host[a].disk[1]",
        "host[a].disk[2]",
        "host[a].disk.end",
        "host[b].disk.end",
        "host.end"
      ])
      const { jobChain } = yield* traverser.snapshot
      assert.deepStrictEqual(jobChain?.jobs?.["host[a].disk[2]"]?.args, { of: "a/2" })
    }))
})

/** The list is made in a sequence that is tried again. */
const again = chainOf(`jobs:
  all:
    retry: 3
    sequence:
      list: { run: list }
      host: { needs: list, each: { of: hosts, as: host }, run: x, retry: 0 }
      check: { needs: host, run: check }
`)

const lists = (...all: ReadonlyArray<ReadonlyArray<unknown>>) => all.map((list) => ({ set: { hosts: list } }))

describe("a sequence around that is tried again", () => {
  itYielding(
    "has instances of items that are still in the list run again, drops the others, and adds new ones",
    () =>
      Effect.gen(function*() {
        const { bench, jobs, sent } = yield* benchOf({
          "all.list": lists(["a", "b"], ["b", "c"], ["a", "c"]),
          "all.check": [{ state: "FAIL" }, { state: "FAIL" }, {}]
        })
        const traverser = yield* bench.make(again)
        const { finishedJobs, state } = yield* bench.rig.run(traverser.run)
        assert.deepStrictEqual([state, finishedJobs], ["COMPLETE", 6])
        const runs = jobs.calls.filter(({ jobId }) => jobId.includes("[")).map((
          { jobId, try: number }
        ) => [jobId, number])
        assert.deepStrictEqual(runs, [
          ["all.host[a]", 1],
          ["all.host[b]", 1],
          ["all.host[b]", 2],
          ["all.host[c]", 1],
          ["all.host[a]", 2],
          ["all.host[c]", 2]
        ])
        const keys = sent.logs.map((log) => `${log.jobId} ${log.try}`)
        assert.strictEqual(new Set(keys).size, keys.length)
        const { jobChain, totalJobTries } = yield* traverser.snapshot
        assert.notInclude(Object.keys(jobChain?.jobs ?? {}), "all.host[b]")
        assert.notInclude(jobChain?.adjacencyList?.["all.host"] ?? [], "all.host[b]")
        assert.strictEqual(totalJobTries?.["all.host[b]"], 2)
      })
  )

  itYielding("waits for instances that still run", () =>
    Effect.gen(function*() {
      const { bench, called } = yield* benchOf({
        "all.list": lists(["a", "b"], ["c"]),
        "all.host[a]": [{ state: "FAIL", milliseconds: 1 }],
        "all.host[b]": [{ block: true }]
      })
      const { state } = yield* bench.run(again)
      assert.strictEqual(state, "COMPLETE")
      assert.deepStrictEqual(called().slice(4), ["all.list", "all.host", "all.host[c]", "all.host.end", "all.check"])
    }))

  itYielding("goes on with the tries of a job that comes back after a suspend", () =>
    Effect.gen(function*() {
      const { bench, jobs, sent } = yield* benchOf({
        "all.list": lists(["a"], ["b"], ["a"]),
        "all.host[b]": [{ block: true }, {}],
        "all.check": [{ state: "FAIL" }, { state: "FAIL" }, {}]
      })
      const traverser = yield* bench.start(again)
      assert.isTrue(yield* bench.rig.runUntil(() => jobs.blocked.has("all.host[b]")))
      yield* bench.rig.run(traverser.suspend)
      const suspended = JSON.parse(JSON.stringify(sent.suspended[0])) as SuspendedJobChain
      assert.notInclude(Object.keys(suspended.jobChain?.jobs ?? {}), "all.host[a]")
      const { state } = yield* bench.rig.run((yield* bench.makeFromSuspended(suspended)).run)
      assert.strictEqual(state, "COMPLETE")
      const tries = jobs.calls.filter(({ jobId }) => jobId === "all.host[a]").map((call) => call.try)
      assert.deepStrictEqual(tries, [1, 2])
    }))
})

describe("an expanded chain", () => {
  itYielding("can be suspended in the middle, and goes on where it was, over the wire", () =>
    Effect.gen(function*() {
      const { bench, called, jobs, sent } = yield* benchOf({
        list: withHosts("a", "b"),
        "host[a].start": [{ block: true }, {}],
        "host[b].stop": [{ block: true }, {}]
      })
      const traverser = yield* bench.start(hosts)
      assert.isTrue(yield* bench.rig.runUntil(() => jobs.blocked.size === 2))
      const { finishedJobs, state } = yield* bench.rig.run(traverser.suspend)
      assert.deepStrictEqual([state, finishedJobs], ["SUSPENDED", 3])
      const suspended = JSON.parse(JSON.stringify(sent.suspended[0])) as SuspendedJobChain
      assert.deepStrictEqual(suspended.jobChain?.adjacencyList?.host, ["host.end", "host[a].stop", "host[b].stop"])
      const before = called().length
      const result = yield* bench.rig.run((yield* bench.makeFromSuspended(suspended)).run)
      assert.deepStrictEqual([result.state, result.finishedJobs], ["COMPLETE", 8])
      assert.deepStrictEqual(called().slice(before), [
        "host[a].start",
        "host[b].stop",
        "host[b].start",
        "host.end",
        "done"
      ])
      assert.strictEqual(
        jobs.calls.find(({ jobId, try: number }) => jobId === "host[b].stop" && number === 2)?.data.host,
        "b"
      )
    }))

  itYielding("has the instances of a list that is known while the chain is suspended", () =>
    Effect.gen(function*() {
      const { bench, called, jobs, sent } = yield* benchOf({
        list: withHosts("a"),
        host: [{ block: true, onStop: "COMPLETE" }]
      })
      const traverser = yield* bench.start(hosts)
      assert.isTrue(yield* bench.rig.runUntil(() => jobs.blocked.has("host")))
      yield* bench.rig.run(traverser.suspend)
      const { state } = yield* bench.rig.run((yield* bench.makeFromSuspended(sent.suspended[0] ?? {})).run)
      assert.deepStrictEqual([state, called().slice(2)], ["COMPLETE", [
        "host[a].stop",
        "host[a].start",
        "host.end",
        "done"
      ]])
    }))

  it.effect("tells listeners which jobs have come and which are gone", () =>
    Effect.gen(function*() {
      const { bench } = yield* benchOf({
        "all.list": lists(["a"], ["b"]),
        "all.check": [{ state: "FAIL" }, {}]
      })
      const traverser = yield* bench.make(again)
      const events: Array<ChainEvent> = []
      const listening = yield* bench.fork(
        Stream.runForEach(traverser.events, (event) => Effect.sync(() => events.push(event)))
      )
      yield* bench.rig.run(traverser.run)
      yield* bench.rig.run(Fiber.join(listening))
      const added = events.filter((event) => event._tag === "jobsAdded")
      assert.deepStrictEqual(
        added.map(({ jobId, jobs, removedJobIds }) => [jobId, jobs.map(({ id }) => id), removedJobIds]),
        [
          ["all.host", ["all.host[a]"], []],
          ["all.host", ["all.host[b]"], ["all.host[a]"]]
        ]
      )
      const totals = events.filter((event) => event._tag === "progress").map(({ jobs }) => jobs)
      assert.deepStrictEqual([totals[0], totals.at(-1)], [4, 5])
    }))
})

const rolling = (of: string) =>
  chainOf(`jobs:
  host:
    each: { of: ${of}, as: host, parallel: 1 }
    retry: 1
    sequence: { stop: { run: stop }, start: { needs: stop, run: start } }
`)

describe("instances of which not all may be under way at once", () => {
  const given = rolling("[a, b, c]")
  const inTurn = [
    "host",
    "host[a].stop",
    "host[a].start",
    "host[b].stop",
    "host[b].start",
    "host[c].stop",
    "host[c].start",
    "host.end"
  ]

  for (const [name, chain] of [["given", given], ["made by a job", rolling("hosts")]] as const) {
    itYielding(`begin when one before has ended, of a list that is ${name}`, () =>
      Effect.gen(function*() {
        const { bench, called } = yield* benchOf({ host: withHosts("a", "b", "c") })
        const { state } = yield* bench.run(chain)
        assert.deepStrictEqual([state, called()], ["COMPLETE", inTurn])
      }))
  }

  itYielding(
    "keep their place for a further try, and give it up when they have failed for good",
    () =>
      Effect.gen(function*() {
        const { bench, called } = yield* benchOf({
          "host[a].start": [{ state: "FAIL", milliseconds: 5 }, {}],
          "host[b].stop": [{ state: "FAIL" }]
        })
        const { state } = yield* bench.run(given)
        assert.deepStrictEqual([state, called()], ["FAIL", [
          "host",
          "host[a].stop",
          "host[a].start",
          "host[a].stop",
          "host[a].start",
          "host[b].stop",
          "host[b].stop",
          "host[c].stop",
          "host[c].start"
        ]])
      })
  )

  itYielding("keep their place over a suspend", () =>
    Effect.gen(function*() {
      const { bench, called, jobs, sent } = yield* benchOf({ "host[b].start": [{ block: true }, {}] })
      const traverser = yield* bench.start(given)
      assert.isTrue(yield* bench.rig.runUntil(() => jobs.blocked.has("host[b].start")))
      const waiting = (yield* traverser.explain).find(({ jobId }) => jobId === "host[c].stop")
      assert.deepInclude(waiting, { because: "limit", text: "waits for a limit: 1 of \"host\" at once" })
      yield* bench.rig.run(traverser.suspend)
      yield* bench.rig.run((yield* bench.makeFromSuspended(sent.suspended[0] ?? {})).run)
      assert.deepStrictEqual(called(), [...inTurn.slice(0, 5), ...inTurn.slice(4)])
    }))
})
