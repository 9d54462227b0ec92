/**
 * Puts an item in the place of `${variable}` and `${variable.field}` in texts.
 *
 * A text that is nothing else becomes the value itself, of whatever type; within a text, a value that is no text is written as
 * JSON. `$${variable}` stands for the text `${variable}`. What names another variable is left alone.
 *
 * @since 0.1.0
 */

/** A variable and what it stands for. */
export interface Binding {
  readonly variable: string
  readonly value: unknown
}

/** Returns a JSON value with the variable replaced in all its texts. A field that the value does not have is `undefined`. */
export const substitute = (json: unknown, binding: Binding): unknown => {
  if (typeof json === "string") return inText(json, binding)
  if (Array.isArray(json)) return json.map((value: unknown) => substitute(value, binding))
  if (typeof json !== "object" || json === null) return json
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, substitute(value, binding)]))
}

/** Returns the fields of the variable that the texts of a JSON value ask for, such as `disk.size`. */
export const fieldsAsked = (json: unknown, variable: string): ReadonlyArray<string> => {
  if (typeof json === "string") {
    return json.includes(`\${${variable}.`)
      ? Array.from(
        json.matchAll(placeOf(variable)),
        ([, escaped, fields = ""]) => escaped === "" ? fields.slice(1) : ""
      )
        .filter((field) => field !== "")
      : []
  }
  return typeof json === "object" && json !== null
    ? Object.values(json).flatMap((value) => fieldsAsked(value, variable))
    : []
}

/** Returns what stands in a field of a value, `undefined` for nothing. */
export const lookUp = (value: unknown, field: string): unknown => {
  let found = value
  for (const key of field.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as Readonly<Record<string, unknown>>)[key]
  }
  return found
}

/** Returns a text that stands for `text` where the variable is replaced. */
export const escape = (text: string, variable: string): string =>
  text.replaceAll(`\${${variable}}`, () => `$\${${variable}}`).replaceAll(`\${${variable}.`, () => `$\${${variable}.`)

const placeOf = (variable: string): RegExp => new RegExp(String.raw`(\$?)\$\{${variable}((?:\.[^.{}]+)*)\}`, "g")

const inText = (text: string, { value, variable }: Binding): unknown => {
  if (!text.includes(`\${${variable}`)) return text
  const look = (fields: string) => fields === "" ? value : lookUp(value, fields.slice(1))
  const [whole, dollar, all = ""] = placeOf(variable).exec(text) ?? []
  if (whole === text && dollar === "") return look(all)
  return text.replaceAll(placeOf(variable), (found: string, dollar: string, fields: string) => {
    if (dollar !== "") return found.slice(1)
    const inside = look(fields)
    return typeof inside === "string" ? inside : JSON.stringify(inside) ?? ""
  })
}
