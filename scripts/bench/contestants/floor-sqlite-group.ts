/**
 * A bare store in SQLite, one commit for all that is ready: see `GroupFloor.ts`. `synchronous` is FULL.
 */
import { DatabaseSync } from "node:sqlite"
import type { Contestant } from "../GraphWorkload.ts"
import * as Place from "../Place.ts"
import * as GroupFloor from "./GroupFloor.ts"

const { complete, running } = GroupFloor.states

export const contestant: Contestant = (workload) => GroupFloor.make(workload, open)

const open = async (): Promise<GroupFloor.Store> => {
  const place = await Place.sqlite()
  const database = new DatabaseSync(place.location)
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE chains (number INTEGER NOT NULL PRIMARY KEY, state INTEGER NOT NULL);
    CREATE TABLE jobs (chain INTEGER NOT NULL, job INTEGER NOT NULL, state INTEGER NOT NULL, PRIMARY KEY (chain, job))
      WITHOUT ROWID;
  `)
  const begin = database.prepare("BEGIN IMMEDIATE")
  const commit = database.prepare("COMMIT")
  const beginChain = database.prepare(`INSERT INTO chains VALUES (?, ${running})`)
  const startJob = database.prepare(`INSERT INTO jobs VALUES (?, ?, ${running})`)
  const completeJob = database.prepare(`UPDATE jobs SET state = ${complete} WHERE chain = ? AND job = ?`)
  const endChain = database.prepare(`UPDATE chains SET state = ${complete} WHERE number = ?`)
  const count = (text: string): number => Number(database.prepare(text).get()?.["count"])
  return {
    commit: ({ begun, completed, ended, starting }) => {
      begin.run()
      for (const chain of begun) beginChain.run(chain)
      for (const [chain, job] of completed) completeJob.run(chain, job)
      for (const [chain, job] of starting) startJob.run(chain, job)
      for (const chain of ended) endChain.run(chain)
      commit.run()
    },
    completed: () => {
      const unfinished = count(`SELECT count(*) AS count FROM chains WHERE state <> ${complete}`)
      if (unfinished > 0) throw new Error(`${unfinished} chains have not ended`)
      return count(`SELECT count(*) AS count FROM jobs WHERE state = ${complete}`)
    },
    close: () => {
      database.close()
      return place.remove()
    }
  }
}
