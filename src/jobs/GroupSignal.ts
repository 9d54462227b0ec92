/**
 * Signals to a whole process group, and the question whether anybody of it still lives.
 *
 * @since 0.1.0
 */
import { readdirSync, readFileSync } from "node:fs"

/** Signals every process of a group, 0 just asks; returns whether anybody was there, if only the dead. */
export const send = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(-pid, signal)
  } catch {
    // ESRCH: nobody is left. EPERM, on macOS: only zombies are.
    return false
  }
}

/** Returns whether a process of the group is left that is more than a zombie. */
export const hasLiving = (pid: number): boolean =>
  send(pid, 0) && (membersOf(pid)?.some((state) => state !== "Z") ?? true)

/**
 * Returns the states of a group's processes, where there is a `/proc` to tell.
 *
 * In a container whose first process is no init, nobody takes notice of an orphan's end: it stays, as a zombie.
 */
const membersOf = (group: number): ReadonlyArray<string> | undefined => {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
      // `pid (name) state parent group …`, and the name may hold anything.
      const stat = statOf(pid)
      const [state = "", , ofGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
      return Number(ofGroup) === group ? [state] : []
    })
  } catch {
    return undefined
  }
}

const statOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1")
  } catch {
    // It ended since.
    return ""
  }
}
