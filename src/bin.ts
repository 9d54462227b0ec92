/**
 * The `jobchain` command.
 *
 * @since 0.1.0
 */
import { main } from "./cli/Main.ts"

main()
