/**
 * The job types that ship, for `JobFactory.layer([...builtIn, yourOwn])`.
 *
 * They need one service, `HttpClient`, which `http` sends its requests with: `FetchHttpClient.layer`, or any other.
 * Importing them loads nothing that Effect calls unstable.
 *
 * @since 0.1.0
 */
import { http } from "./Http.ts"
import { noop } from "./Noop.ts"
import { shell } from "./Shell.ts"
import { sleep } from "./Sleep.ts"
import { wait } from "./Wait.ts"

/** `shell`, `http`, `sleep`, `wait` and `noop`. */
export const builtIn = [shell, http, sleep, wait, noop] as const
